//! Where a redirection leads. Only within the server: what is sent holds credentials.

use http::{HeaderMap, StatusCode, Uri, header};

use super::failure::{Failure, FailureKind};

/// How many redirections are followed, as Go's client does.
pub(super) const MOST: usize = 10;

/// Scheme and authority of an address, without user information and the scheme's own port; `None`
/// if it has no host.
pub(super) fn origin(uri: &Uri) -> Option<String> {
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let host = uri.host()?.to_ascii_lowercase();
    let own = if scheme == "https" { 443 } else { 80 };
    Some(match uri.port_u16().filter(|port| *port != own) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

/// The path and query that an answer to a `GET` of `path` sends us to; `None` if it is none that
/// sends us anywhere. Fails where it leads away from the server.
pub(super) fn target(
    server: &str,
    path: &str,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<String>, Failure> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = headers.get(header::LOCATION) else { return Ok(None) };
    let refuse = |message: String| Failure {
        kind: FailureKind::Refused,
        message,
        status: Some(status.as_u16()),
    };
    let unreadable = || refuse("the server redirects to what is no address".to_owned());
    let location = location.to_str().map_err(|_| unreadable())?;
    let location = location.split('#').next().unwrap_or_default();
    if location.starts_with('/') && !location.starts_with("//") {
        return Ok(Some(location.to_owned()));
    }
    let is_relative = !location.starts_with("//") && !location.contains("://");
    if is_relative {
        let path = path.split('?').next().unwrap_or_default();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        return Ok(Some(format!("{folder}/{location}")));
    }
    let scheme = server.split_once(':').map_or("https", |(scheme, _)| scheme);
    let absolute = match location.strip_prefix("//") {
        Some(rest) => format!("{scheme}://{rest}"),
        None => location.to_owned(),
    };
    let uri: Uri = absolute.parse().map_err(|_| unreadable())?;
    let elsewhere = origin(&uri).ok_or_else(unreadable)?;
    if elsewhere != server {
        // Without the query: that of a login page may hold secrets.
        return Err(refuse(format!(
            "the server redirects to {elsewhere}{}, which is not the API server: credentials are \
             not sent there",
            uri.path()
        )));
    }
    Ok(Some(uri.path_and_query().map_or("/", |path| path.as_str()).to_owned()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn led(location: &str) -> Result<Option<String>, String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, HeaderValue::from_str(location).unwrap());
        target("https://a:6443", "/base/api/v1?x=1", StatusCode::FOUND, &headers)
            .map_err(|failure| failure.message)
    }

    #[test]
    fn within_the_server() {
        assert_eq!(led("/b?c=d#e"), Ok(Some("/b?c=d".to_owned())));
        assert_eq!(led("https://A:6443/b?c"), Ok(Some("/b?c".to_owned())));
        assert_eq!(led("//a:6443/b"), Ok(Some("/b".to_owned())));
        assert_eq!(led("v2"), Ok(Some("/base/api/v2".to_owned())));
    }

    #[test]
    fn never_to_another() {
        for elsewhere in
            ["https://b:6443/x", "http://a:6443/x", "https://a/x", "//b/x", "https://a:6443@b/x"]
        {
            assert!(led(elsewhere).unwrap_err().contains("credentials are not sent there"));
        }
        let refused = led("https://login.b/auth?state=secret").unwrap_err();
        assert!(refused.contains("https://login.b/auth,") && !refused.contains("secret"));
        assert!(led("https://").is_err());
    }

    #[test]
    fn other_answers_lead_nowhere() {
        let none = HeaderMap::new();
        assert!(matches!(target("https://a", "/", StatusCode::OK, &none), Ok(None)));
        assert!(matches!(target("https://a", "/", StatusCode::FOUND, &none), Ok(None)));
    }

    #[test]
    fn origins_are_equal_with_and_without_the_schemes_port() {
        let of = |text: &str| origin(&text.parse().unwrap());
        assert_eq!(of("https://A:443/x"), of("https://u:p@a"));
        assert_ne!(of("https://a:80"), of("https://a"));
        assert_eq!(of("/x"), None);
    }
}
