//! The address of a server, read as client-go's `DefaultServerURL` does.

use http::Uri;

use crate::model::error::{Error, Result};

/// An address that can be dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// Scheme, authority and path, without user information, query and fragment.
    pub(super) uri: Uri,
    /// As it was written, without what may be secret.
    pub(super) shown: String,
    /// User name and password that stood in the address.
    pub(super) login: Option<(String, String)>,
}

impl Server {
    /// Whether credentials may be sent.
    pub(super) fn is_tls(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }
}

/// Reads an address: a URL, or `host:port`, which is plain HTTP.
pub(super) fn parse(text: &str) -> Result<Server> {
    let (scheme, rest, bare) = match text.split_once("://") {
        Some((scheme, rest)) if !rest.is_empty() && !rest.starts_with(['/', '?', '#']) => {
            (scheme.to_ascii_lowercase(), rest, false)
        }
        _ => ("http".to_owned(), text, true),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (login, host) = match authority.rsplit_once('@') {
        Some((login, host)) => (Some(login), host),
        None => (None, authority),
    };
    let shown = if bare { format!("{host}{path}") } else { format!("{scheme}://{host}{path}") };
    let wrong = |why: &str| {
        Error::usage(format!("server {shown:?}: {why}"))
            .hint("a server is written https://HOST:PORT")
    };
    if bare && !matches!(path, "" | "/") {
        return Err(wrong("host must be a URL or a host:port pair"));
    }
    if !matches!(scheme.as_str(), "http" | "https") {
        return Err(wrong(&format!("unsupported protocol scheme {scheme:?}")));
    }
    let uri: Uri = format!("{scheme}://{host}{path}")
        .parse()
        .map_err(|_| wrong("host must be a URL or a host:port pair"))?;
    if uri.host().is_none_or(str::is_empty) {
        return Err(wrong("host must be a URL or a host:port pair"));
    }
    let login = login.map(|login| {
        let (name, password) = login.split_once(':').unwrap_or((login, ""));
        (unescape(name), unescape(password))
    });
    Ok(Server { uri, shown, login })
}

/// Undoes percent escapes.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let code = rest.get(at + 1..at + 3).and_then(|code| u8::from_str_radix(code, 16).ok());
        if let Some(code) = code {
            bytes.push(code);
            rest = &rest[at + 3..];
        } else {
            bytes.push(b'%');
            rest = &rest[at + 1..];
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_urls_or_hosts_with_a_port() {
        for (text, uri, shown) in [
            ("https://a:6443", "https://a:6443/", "https://a:6443"),
            ("HTTPS://a", "https://a/", "https://a"),
            ("a:6443", "http://a:6443/", "a:6443"),
            ("10.0.0.1:6443/", "http://10.0.0.1:6443/", "10.0.0.1:6443/"),
            ("https://a/k8s/c-1?x=secret#y", "https://a/k8s/c-1", "https://a/k8s/c-1"),
            ("https://[::1]:6443", "https://[::1]:6443/", "https://[::1]:6443"),
            ("https://u:p%40s@a", "https://a/", "https://a"),
        ] {
            let server = parse(text).expect(text);
            assert_eq!(server.uri.to_string(), uri, "{text}");
            assert_eq!(server.shown, shown, "{text}");
        }
        let login = parse("https://u:p%40s@a").expect("valid").login;
        assert_eq!(login, Some(("u".to_owned(), "p@s".to_owned())));
    }

    #[test]
    fn what_cannot_be_dialled_is_refused_without_its_secrets() {
        for text in ["ftp://u:hidden@a", "a/path", "https://", "https://u:hidden@a b", ":80"] {
            let error = parse(text).expect_err(text);
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
    }
}
