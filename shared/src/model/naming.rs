//! What names may be: keys and values of labels, DNS subdomains; with the words of the API server
//! for those that it does not take.
//!
//! Source: pkg/api/validate/content of k8s.io/apimachinery.

const KEY: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const VALUE: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
const SUBDOMAIN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const MOST_OF_NAME: usize = 63;
const MOST_OF_SUBDOMAIN: usize = 253;

/// What the server says of a label's key (`IsLabelKey`): nothing where it takes it.
pub fn key_faults(key: &str) -> Vec<String> {
    let rule = || {
        format!(
            "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with \
             an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for \
             validation is '{KEY}')"
        )
    };
    let mut faults = Vec::new();
    let mut parts = key.split('/');
    let name = match (parts.next().unwrap_or_default(), parts.next(), parts.next()) {
        (name, None, _) => name,
        ("", Some(name), None) => {
            faults.push("prefix part must be non-empty".to_owned());
            name
        }
        (prefix, Some(name), None) => {
            faults.extend(
                subdomain_faults(prefix).into_iter().map(|fault| format!("prefix part {fault}")),
            );
            name
        }
        _ => {
            let form = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {} {form}", rule())];
        }
    };
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if name.len() > MOST_OF_NAME {
        faults.push(format!("name part must be no more than {MOST_OF_NAME} bytes"));
    }
    if name.is_empty() || !is_name(name) {
        faults.push(format!("name part {}", rule()));
    }
    faults
}

/// What the server says of a DNS subdomain (`IsDNS1123Subdomain`), such as most names are: nothing
/// where it takes it.
pub fn subdomain_faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.len() > MOST_OF_SUBDOMAIN {
        faults.push(format!("must be no more than {MOST_OF_SUBDOMAIN} bytes"));
    }
    let is_label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty()
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !text.split('.').all(is_label) {
        faults.push(format!(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \
             '-' or '.', and must start and end with an alphanumeric character (e.g. \
             'example.com', regex used for validation is '{SUBDOMAIN}')"
        ));
    }
    faults
}

/// What the server says of a label's value (`IsLabelValue`): nothing where it takes it.
pub fn label_value_faults(value: &str) -> Vec<String> {
    let mut said = Vec::new();
    if value.len() > MOST_OF_NAME {
        said.push(format!("must be no more than {MOST_OF_NAME} bytes"));
    }
    if !value.is_empty() && !is_name(value) {
        said.push(format!(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' \
             or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or \
             'my_value',  or '12345', regex used for validation is '{VALUE}')"
        ));
    }
    said
}

fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let ends = [text.bytes().next(), text.bytes().last()];
    text.bytes().all(inner) && ends.into_iter().flatten().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_name() {
        for (key, faults) in [
            ("app", 0),
            ("example.com/A.b_c-1", 0),
            ("", 2),
            ("a/", 2),
            ("/a", 1),
            ("a/b/c", 1),
            ("-a", 1),
            ("A/a", 1),
        ] {
            assert_eq!(key_faults(key).len(), faults, "{key}");
        }
        for (value, faults) in [("", 0), ("A.b_c-1", 0), ("-", 1), ("a/b", 1)] {
            assert_eq!(label_value_faults(value).len(), faults, "{value}");
        }
        let long = "-".repeat(64);
        assert_eq!(label_value_faults(&long).len(), 2);
        for (name, faults) in [("a.b-c", 0), ("", 1), ("a..b", 1), ("A", 1)] {
            assert_eq!(subdomain_faults(name).len(), faults, "{name}");
        }
    }
}
