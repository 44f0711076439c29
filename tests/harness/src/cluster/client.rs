//! Requests to the server as one of its users: what it answers, with the warnings.

use std::time::Duration;

use serde_json::Value;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, http};

/// After which a request has failed. The server itself gives one up after 60 s.
const TIMEOUT: Duration = Duration::from_secs(90);

/// How many connections are kept for the next requests: as many threads may ask at once.
const CONNECTIONS: usize = 64;

/// Asks the server as one user. It may be cloned and shared between threads: they keep their
/// connections together.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    server: String,
    token: String,
}

/// What the server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The texts of the `Warning` headers, in their order.
    pub warnings: Vec<String>,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Client {
    /// A client of the server at this URL that trusts the certificates in `pem`; `None` while
    /// these are incomplete.
    pub(super) fn new(server: &str, pem: &[u8]) -> Option<Self> {
        let certificates: Vec<Certificate<'static>> = ureq::tls::parse_pem(pem)
            .map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect::<Option<_>>()?;
        // The server's own, and the one that has signed it.
        if certificates.len() < 2 {
            return None;
        }
        let provider = rustls::crypto::ring::default_provider();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::from(certificates))
            .unversioned_rustls_crypto_provider(provider.into())
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(CONNECTIONS)
            .max_idle_connections_per_host(CONNECTIONS)
            .timeout_global(Some(TIMEOUT))
            .build()
            .new_agent();
        Some(Self { agent, server: server.to_owned(), token: String::new() })
    }

    /// The same, as the user with this token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Makes a request; `target` is a path with its query (`/api/v1/pods?limit=500`).
    ///
    /// # Errors
    /// If there was no answer.
    pub fn request(
        &self,
        method: &str,
        target: &str,
        content_type: &str,
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{target}", self.server))
            .header("Accept", "application/json")
            .header("Authorization", format!("Bearer {}", self.token));
        let response = match body {
            None => self.agent.run(request.body(())?)?,
            Some(body) => {
                self.agent.run(request.header("Content-Type", content_type).body(body)?)?
            }
        };
        let (parts, mut body) = response.into_parts();
        let warnings = parts.headers.get_all("Warning").iter();
        let warnings = warnings.filter_map(|header| warning(header.as_bytes())).collect();
        let body = body.with_config().limit(u64::MAX).read_to_vec()?;
        Ok(Answer { status: parts.status.as_u16(), warnings, body })
    }

    /// Makes a request with these headers beside the credentials; the answer as it comes.
    ///
    /// # Errors
    /// If there was no answer.
    pub(crate) fn forward(
        &self,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<http::Response<Vec<u8>>, ureq::Error> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{target}", self.server))
            .header("Authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = match body {
            [] => self.agent.run(request.body(())?)?,
            _ => self.agent.run(request.body(body)?)?,
        };
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(u64::MAX).read_to_vec()?;
        Ok(http::Response::from_parts(parts, body))
    }

    /// Reads from a path with its query.
    ///
    /// # Panics
    /// If there was no answer.
    pub fn get(&self, target: &str) -> Answer {
        self.must("GET", target, "", None)
    }

    /// Creates what `object` says in the collection at a path with its query.
    ///
    /// # Panics
    /// If there was no answer.
    pub fn post(&self, target: &str, object: &Value) -> Answer {
        self.must("POST", target, "application/json", Some(object.to_string().as_bytes()))
    }

    /// Changes the object at a path with its query by a JSON merge patch.
    ///
    /// # Panics
    /// If there was no answer.
    pub fn merge(&self, target: &str, patch: &Value) -> Answer {
        let body = patch.to_string();
        self.must("PATCH", target, "application/merge-patch+json", Some(body.as_bytes()))
    }

    /// Deletes the object at a path with its query.
    ///
    /// # Panics
    /// If there was no answer.
    pub fn delete(&self, target: &str) -> Answer {
        self.must("DELETE", target, "", None)
    }

    fn must(&self, method: &str, target: &str, content_type: &str, body: Option<&[u8]>) -> Answer {
        self.request(method, target, content_type, body)
            .unwrap_or_else(|error| panic!("{method} {target}: {error}"))
    }
}

impl Answer {
    /// Whether the server did what it was asked.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON: {error}\n{}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What the server says of its refusal: the message of the `Status`, else the body.
    pub fn message(&self) -> String {
        let status: Option<Value> = serde_json::from_slice(&self.body).ok();
        let message = status.and_then(|status| Some(status.get("message")?.as_str()?.to_owned()));
        message.unwrap_or_else(|| self.text())
    }
}

/// The text of a `Warning` header as the server writes it: `299 - "text"`, with `\` before `"` and
/// `\` (`NewWarningHeader` of k8s.io/apimachinery/pkg/util/net).
fn warning(header: &[u8]) -> Option<String> {
    let header = String::from_utf8_lossy(header);
    let quoted = header.strip_prefix("299 - \"")?.strip_suffix('"')?;
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        text.push(if character == '\\' { characters.next()? } else { character });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_unquoted() {
        let read = |header: &str| warning(header.as_bytes());
        assert_eq!(read(r#"299 - "a \"b\" \\ ü""#).as_deref(), Some(r#"a "b" \ ü"#));
        assert_eq!(read(r#"199 - "a""#), None);
        assert_eq!(read(r#"299 - "a\""#), None);
    }

    #[test]
    fn an_incomplete_certificate_is_none() {
        assert!(Client::new("https://127.0.0.1:1", b"").is_none());
        assert!(Client::new("https://127.0.0.1:1", b"-----BEGIN CERTIFICATE-----\nMII").is_none());
    }
}
