//! Paths as addresses.

use std::fmt::Write as _;

use super::log::ArtifactLocation;

/// What relative addresses start from, in the name that readers of SARIF know.
pub(super) const SOURCE_ROOT: &str = "%SRCROOT%";

/// The address of a file: from the root of the sources, or absolute for an absolute path.
pub(super) fn of_file(path: &str) -> ArtifactLocation {
    if is_absolute(path) {
        let slash = if path.starts_with('/') { "" } else { "/" };
        let uri = format!("file://{slash}{}", encoded(path));
        return ArtifactLocation { uri, uri_base_id: None, index: None };
    }
    ArtifactLocation { uri: encoded(path), uri_base_id: Some(SOURCE_ROOT), index: None }
}

/// On Windows a drive stands before the first slash.
fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || std::path::Path::new(path).is_absolute()
}

/// Everything but RFC 3986's unreserved characters and slashes becomes `%XX`: a colon in the
/// first part of a path would make a scheme of it.
fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _infallible = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_addresses() {
        let relative = of_file("a b/ü:%.yaml");
        assert_eq!(relative.uri, "a%20b/%C3%BC%3A%25.yaml");
        assert_eq!(relative.uri_base_id, Some(SOURCE_ROOT));
        let absolute = of_file("/etc/a.yaml");
        assert_eq!((absolute.uri.as_str(), absolute.uri_base_id), ("file:///etc/a.yaml", None));
    }
}
