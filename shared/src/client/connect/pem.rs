//! Certificates in PEM: read here, so that an error can name the file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::environment::io_reason;
use crate::model::error::{Error, Result};

/// The bytes of a certificate or key: what the kubeconfig holds, else the file that it names.
/// Neither is nothing.
pub(super) fn load(what: &str, data: &[u8], file: &str) -> Result<Option<Vec<u8>>> {
    if !data.is_empty() {
        return Ok(Some(data.to_vec()));
    }
    if file.is_empty() {
        return Ok(None);
    }
    let bytes = std::fs::read(file).map_err(|error| {
        Error::could_not_run(format!("{what}: open {file}: {}", io_reason(&error)))
            .hint("the kubeconfig or a flag names this file; is it there, and readable for you?")
    })?;
    Ok(Some(bytes))
}

/// The certificates of a PEM text, in DER. Other blocks are passed over, as Go does; `None` if
/// there is no certificate in it.
pub(super) fn certificates(pem: &[u8]) -> Option<Vec<Vec<u8>>> {
    let blocks = blocks(pem);
    let certificates: Vec<_> = blocks
        .into_iter()
        .filter(|(label, _)| label == "CERTIFICATE")
        .map(|block| block.1)
        .collect();
    (!certificates.is_empty()).then_some(certificates)
}

/// Whether a PEM text has a block whose label ends so.
pub(super) fn has(pem: &[u8], label: &str) -> bool {
    blocks(pem).iter().any(|(found, _)| found.ends_with(label))
}

/// Labels and contents of the blocks.
fn blocks(pem: &[u8]) -> Vec<(String, Vec<u8>)> {
    let text = String::from_utf8_lossy(pem);
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines().map(str::trim) {
        if let Some(label) = marker(line, "BEGIN") {
            open = Some((label.to_owned(), String::new()));
        } else if let Some(label) = marker(line, "END") {
            if let Some((begun, body)) = open.take()
                && begun == label
                && let Ok(content) = STANDARD.decode(body)
            {
                blocks.push((begun, content));
            }
        } else if let Some((_, body)) = &mut open
            && !line.contains(':')
        {
            body.push_str(line);
        }
    }
    blocks
}

fn marker<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    line.strip_prefix("-----")?.strip_suffix("-----")?.strip_prefix(word)?.strip_prefix(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_stand_between_markers() {
        let pem = "text\n-----BEGIN CERTIFICATE-----\r\nYWJj\r\n-----END CERTIFICATE-----\n\
                   -----BEGIN EC PRIVATE KEY-----\nYWJj\n-----END EC PRIVATE KEY-----\n\
                   -----BEGIN CERTIFICATE-----\n  ZGVm\n-----END CERTIFICATE-----";
        let found = certificates(pem.as_bytes()).expect("two");
        assert_eq!(found, [b"abc".to_vec(), b"def".to_vec()]);
        assert!(has(pem.as_bytes(), "PRIVATE KEY"));
        for text in ["", "abc", "-----BEGIN CERTIFICATE-----\nYWJj\n"] {
            assert_eq!(certificates(text.as_bytes()), None, "{text}");
        }
    }
}
