//! Whether Pod Security lets pods of a namespace run without a profile.

use posture::model::object::Object;

/// The first version whose rules look at the field: before it they look at the annotations alone.
///
/// Source: `CheckSeccompBaseline` of k8s.io/pod-security-admission/policy.
const SINCE: u32 = 19;

/// What a Namespace enforces, where that is more than nothing, as Pod Security names it
/// (`baseline:latest`), and pods with `Unconfined` are refused by it.
///
/// Source: `PolicyToEvaluate` and `ParseLevel` of k8s.io/pod-security-admission/api: what is no level
/// counts as restricted, what is no version as the latest.
pub fn refuses_unconfined(namespace: &Object) -> Option<String> {
    let level = match namespace.label("pod-security.kubernetes.io/enforce")? {
        "privileged" => return None,
        "baseline" => "baseline",
        _ => "restricted",
    };
    let version = namespace.label("pod-security.kubernetes.io/enforce-version");
    match version.and_then(minor) {
        Some(minor) if minor < SINCE => None,
        Some(minor) => Some(format!("{level}:v1.{minor}")),
        None => Some(format!("{level}:latest")),
    }
}

/// The minor release of `v1.NN`; `None` for anything else.
fn minor(version: &str) -> Option<u32> {
    let digits = version.strip_prefix("v1.")?;
    let is_plain = digits == "0" || !digits.starts_with('0');
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_plain && is_number).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::object;

    fn refuses(level: Option<&str>, version: Option<&str>) -> Option<String> {
        let label = |key: &str, value: Option<&str>| {
            value.map_or_else(String::new, |value| {
                format!("\n    pod-security.kubernetes.io/{key}: {value:?}")
            })
        };
        let labels = label("enforce", level) + &label("enforce-version", version);
        let text = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    a: b{labels}\n"
        );
        refuses_unconfined(&object(&text))
    }

    #[test]
    fn levels_and_versions() {
        let yes = |text: &str| Some(text.to_owned());
        assert_eq!(refuses(None, None), None);
        assert_eq!(refuses(Some("privileged"), None), None);
        assert_eq!(refuses(Some("baseline"), None), yes("baseline:latest"));
        assert_eq!(refuses(Some("restricted"), Some("latest")), yes("restricted:latest"));
        assert_eq!(refuses(Some("baseline"), Some("v1.18")), None);
        assert_eq!(refuses(Some("restricted"), Some("v1.0")), None);
        assert_eq!(refuses(Some("baseline"), Some("v1.19")), yes("baseline:v1.19"));
    }

    #[test]
    fn what_is_no_level_fails_closed() {
        let yes = Some("restricted:latest".to_owned());
        assert_eq!(refuses(Some("Baseline"), None), yes);
        assert_eq!(refuses(Some(""), None), yes);
        assert_eq!(refuses(Some("restricted"), Some("v1.018")), yes);
        assert_eq!(refuses(Some("restricted"), Some("1.10")), yes);
        // A version without a level asks for nothing.
        assert_eq!(refuses(None, Some("v1.30")), None);
    }
}
