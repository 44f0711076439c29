//! Minor versions of Kubernetes.

use std::fmt;
use std::str::FromStr;

/// A minor release of Kubernetes 1: `1.37`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minor(pub u16);

/// The newest release whose rules this build knows.
pub const NEWEST: Minor = Minor(37);

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

impl FromStr for Minor {
    type Err = String;

    /// Reads `1.37`, `v1.37`, `1.37.2` or `v1.37.2-gke.100`; distributions write `1.33+`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused =
            || format!("{text:?} is no Kubernetes version; write 1.NN, such as 1.{}", NEWEST.0);
        let rest = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.").ok_or_else(refused)?;
        let digits = rest.split(['.', '+', '-']).next().unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused());
        }
        if digits.len() > 1 && digits.starts_with('0') {
            return Err(refused());
        }
        digits.parse().map(Self).map_err(|_| refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_servers_print() {
        for text in ["1.37", "v1.37", "1.37.2", "v1.37.2-gke.100", "1.37+"] {
            assert_eq!(text.parse(), Ok(Minor(37)), "{text}");
        }
        for text in ["1.037", "37", "2.0", "1.", "1.x", ""] {
            assert!(text.parse::<Minor>().is_err(), "{text}");
        }
    }
}
