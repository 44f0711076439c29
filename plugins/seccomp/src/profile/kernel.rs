//! Versions of Linux as profiles compare them: two numbers, whatever follows.

use std::fmt;
use std::str::FromStr;

/// A version of the kernel, without its patch level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kernel(pub u32, pub u32);

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl FromStr for Kernel {
    type Err = String;

    /// Reads what `uname -r` and a node's `kernelVersion` say: `6.8`, `5.15.0-1019-aws`,
    /// `6.6.0-rc1`, `4.18.0+`.
    ///
    /// Source: `parseRelease` in `kernel_linux.go` of github.com/moby/profiles.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || format!("{text:?} is no version of Linux; write it like 6.8");
        let (kernel, rest) = text.split_once('.').ok_or_else(refused)?;
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let number = |digits: &str| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|_| plain).ok_or_else(refused)
        };
        Ok(Self(number(kernel)?, number(&rest[..end])?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_kernels_call_themselves() {
        for (text, kernel) in [
            ("6.8", Kernel(6, 8)),
            ("5.15.0-1019-aws", Kernel(5, 15)),
            ("3.12-1-amd64", Kernel(3, 12)),
            ("3.12-rc5", Kernel(3, 12)),
            ("4.18.0-553.el8_10.x86_64", Kernel(4, 18)),
            ("6.18.44-fc-v669", Kernel(6, 18)),
        ] {
            assert_eq!(text.parse(), Ok(kernel), "{text}");
        }
        for text in ["", "6", "6.", ".8", "+6.8", "6.+8", "v6.8", "linux"] {
            assert!(text.parse::<Kernel>().is_err(), "{text}");
        }
        assert!(Kernel(4, 8) < Kernel(4, 18));
    }
}
