//! Why a request has failed, in the server's own words where it has some.

use std::error::Error as StdError;
use std::{fmt, io};

use http::{HeaderMap, StatusCode, header};
use kube::client::AuthError;
use serde::Deserialize;

/// From which length on a refusal is too long to be read, in bytes.
const LONG_MESSAGE: usize = 512;

/// How much of a refusal is kept (`maxUnstructuredResponseTextBytes` of client-go).
const LONGEST_TEXT: usize = 2048;

/// How hyper's client names an error that came before anything was sent.
const CONNECT: &str = "client error (Connect)";

/// How hyper names a connection that ended before the answer did.
const INCOMPLETE: &str = "connection closed before message completed";

/// What the server says of a JSON Patch that does not apply, one whose `test` fails among them
/// (`NewGenericServerResponse` of k8s.io/apimachinery/pkg/api/errors for 422). An object that is
/// not valid is named, and so is a policy that refuses it.
const DOES_NOT_APPLY: &str = "the server rejected our request due to an error in our request";

/// The class of a failed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// 401: the server does not know who asks; or there are no credentials to ask with.
    Unauthorized,
    /// 403
    Forbidden,
    /// 404
    NotFound,
    /// 410: a continue token is too old.
    Expired,
    /// 429, after all retries.
    TooManyRequests,
    /// 5xx, after all retries.
    Server,
    /// 409; and the 422 that says that a JSON Patch does not apply: the object is not as the
    /// patch has seen it.
    Conflict,
    /// Any other 422: the server would not store such an object.
    Invalid,
    /// Any other refusal, and a redirection that leads away from the server.
    Refused,
    /// `--request-timeout` is over; or the answer did not go on.
    Timeout,
    /// The server cannot be reached: name, address, port, certificate; or not in 30 s.
    Unreachable,
    /// The answer broke off, or is not what it should be.
    Broken,
    /// A recorded cluster was asked for something that was not recorded.
    NotRecorded,
}

/// A request that has failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its class.
    pub kind: FailureKind,
    /// What the server says, or why there was no answer: then the chain of errors, from the
    /// outermost to the cause. Text from outside: whoever shows it escapes it.
    pub message: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Failure {}

/// The server's `Status`, as far as it is read.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    causes: Vec<Wrong>,
}

/// What is wrong with a field of an object.
#[derive(Deserialize)]
struct Wrong {
    #[serde(default)]
    field: String,
    #[serde(default)]
    message: String,
}

impl Status {
    /// What the server says. What is wrong with a large field stands behind the whole of its value,
    /// which may hold anything: where that makes it long, the value is left out.
    fn message(self) -> String {
        let causes = self.details.map(|details| details.causes).unwrap_or_default();
        let head = self.message.split_once(" is invalid: ").map_or("", |(head, _)| head);
        if self.message.len() <= LONG_MESSAGE || causes.is_empty() || head.is_empty() {
            return self.message;
        }
        let said = causes.iter().map(|cause| {
            let text = &cause.message;
            let value = ["}: ", "}\": ", ": "].iter().find_map(|end| {
                let end = text.rfind(end).map(|at| at + end.len());
                end.filter(|_| text.len() > LONG_MESSAGE / 2)
            });
            format!("{}: {}", cause.field, text.get(value.unwrap_or(0)..).unwrap_or(text))
        });
        format!("{head} is invalid: {}", said.collect::<Vec<_>>().join(", "))
    }
}

impl Failure {
    /// A failure without an answer.
    pub(super) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), status: None }
    }

    /// Whether nothing else will work either: the first request was not answered, or not to us.
    pub fn is_fatal(&self) -> bool {
        matches!(
            self.kind,
            FailureKind::Unreachable | FailureKind::Unauthorized | FailureKind::Timeout
        )
    }

    /// Whether the server has surely not done what it was asked for: it has said no, or was never
    /// reached.
    pub fn is_refusal(&self) -> bool {
        match self.status {
            Some(status) => (300..500).contains(&status),
            None => matches!(
                self.kind,
                FailureKind::Unreachable | FailureKind::Unauthorized | FailureKind::Refused
            ),
        }
    }

    /// An answer that is cut, or no JSON at all.
    pub(super) fn not_json(error: &serde_json::Error) -> Self {
        let message = if error.is_eof() {
            "the server's answer is cut: it ends in the middle of its JSON".to_owned()
        } else {
            // Where, but not what: the answer may hold anything.
            let (line, column) = (error.line(), error.column());
            format!("the server's answer is not JSON (line {line}, column {column})")
        };
        Self { kind: FailureKind::Broken, message, status: Some(StatusCode::OK.as_u16()) }
    }

    /// An answer of somebody in between.
    pub(super) fn web_page() -> Self {
        let message = "the server's answer is a web page, not JSON: something between here and the \
                       API server has answered, perhaps with its login page";
        Self {
            kind: FailureKind::Broken,
            message: message.to_owned(),
            status: Some(StatusCode::OK.as_u16()),
        }
    }

    /// What the server has refused, and why.
    pub(super) fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let kind = match status.as_u16() {
            401 => FailureKind::Unauthorized,
            403 => FailureKind::Forbidden,
            404 => FailureKind::NotFound,
            409 => FailureKind::Conflict,
            410 => FailureKind::Expired,
            422 => FailureKind::Invalid,
            429 => FailureKind::TooManyRequests,
            500..=599 => FailureKind::Server,
            _ => FailureKind::Refused,
        };
        let said = serde_json::from_slice::<Status>(body).map(Status::message);
        let kind = match &said {
            Ok(message) if kind == FailureKind::Invalid && message == DOES_NOT_APPLY => {
                FailureKind::Conflict
            }
            _ => kind,
        };
        let message = match said {
            Ok(message) if !message.is_empty() => cut(&message).to_owned(),
            _ => {
                let text = plain_text(headers, body).unwrap_or_default();
                let colon = if text.is_empty() { "" } else { ": " };
                format!("the server answered {status}{colon}{text}")
            }
        };
        Self { kind, message, status: Some(status.as_u16()) }
    }

    /// Why there is no answer; beside it, whether the same request may pass the next time: where a
    /// connection stood and was cut.
    pub(super) fn unanswered(error: &kube::Error) -> (Self, bool) {
        if let kube::Error::Auth(error) = error {
            return (Self::new(FailureKind::Unauthorized, credentials(error)), false);
        }
        let mut chain = Chain::of(error);
        if chain.connecting && chain.cause == Some(Cause::TimedOut) {
            chain.text.push_str(": the connection timed out");
        }
        let kind = match chain.cause {
            _ if chain.connecting => FailureKind::Unreachable,
            Some(Cause::Tls) => FailureKind::Unreachable,
            Some(Cause::TimedOut) => FailureKind::Timeout,
            Some(Cause::Cut) | None => FailureKind::Broken,
        };
        let may_pass = kind == FailureKind::Broken && chain.cause == Some(Cause::Cut);
        (Self::new(kind, chain.text), may_pass)
    }

    /// Why an answer broke off in its middle.
    pub(super) fn broke_off(error: &(dyn StdError + 'static)) -> Self {
        let chain = Chain::of(error);
        let kind = match chain.cause {
            Some(Cause::TimedOut) => FailureKind::Timeout,
            _ => FailureKind::Broken,
        };
        Self::new(kind, format!("the server's answer broke off: {}", chain.text))
    }
}

/// What a chain of errors says.
struct Chain {
    text: String,
    /// Nothing was sent yet.
    connecting: bool,
    cause: Option<Cause>,
}

/// What is at the root of a chain of errors.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The connection ended.
    Cut,
    TimedOut,
    /// With TLS 1.3 the server says after the handshake that it does not take a certificate.
    Tls,
}

impl Chain {
    fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut chain = Self { text: String::new(), connecting: false, cause: None };
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            chain.connecting |= text.ends_with(CONNECT);
            let cause = match error.downcast_ref::<io::Error>().map(io::Error::kind) {
                Some(io::ErrorKind::TimedOut) => Some(Cause::TimedOut),
                Some(io::ErrorKind::InvalidData) => Some(Cause::Tls),
                Some(
                    io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::UnexpectedEof,
                ) => Some(Cause::Cut),
                _ => (text == INCOMPLETE).then_some(Cause::Cut),
            };
            chain.cause = cause.or(chain.cause);
            if chain.text.is_empty() {
                chain.text = text;
            } else if !chain.text.contains(&text) {
                chain.text.push_str(": ");
                chain.text.push_str(&text);
            }
            next = error.source();
        }
        chain
    }
}

/// Why there are no credentials, without anything that a plugin or a provider has answered: that
/// may hold them.
pub(super) fn credentials(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecRun { cmd, out } => {
            let status = out.status;
            format!("getting credentials: the credential plugin {cmd} failed ({status})")
        }
        AuthError::AuthExecStart(error) => {
            format!("getting credentials: the credential plugin cannot be run: {error}")
        }
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => {
            "getting credentials: the credential plugin's answer is no ExecCredential".to_owned()
        }
        AuthError::ReadTokenFile(error, path) => {
            format!("getting credentials: {}: {error}", path.display())
        }
        AuthError::InvalidBasicAuth(_) | AuthError::InvalidBearerToken(_) => {
            "getting credentials: they hold characters that no header can carry".to_owned()
        }
        AuthError::MissingCommand => {
            "getting credentials: the credential plugin has no command".to_owned()
        }
        AuthError::OAuth(_) => "getting credentials: OAuth gave no token".to_owned(),
        AuthError::Oidc(_) => "getting credentials: OIDC gave no token".to_owned(),
        _ => "getting credentials: none could be had".to_owned(),
    }
}

/// The text of a refusal that is no `Status`.
fn plain_text<'a>(headers: &HeaderMap, body: &'a [u8]) -> Option<&'a str> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let is_text = content_type.starts_with("text/") && !content_type.starts_with("text/html");
    let text = std::str::from_utf8(body).ok().filter(|_| is_text)?;
    Some(cut(text.trim()))
}

/// The beginning of a text.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST_TEXT)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, message: &str) -> FailureKind {
        let status = StatusCode::from_u16(status).unwrap();
        let body = serde_json::json!({ "kind": "Status", "message": message }).to_string();
        Failure::refused(status, &HeaderMap::new(), body.as_bytes()).kind
    }

    #[test]
    fn a_patch_that_does_not_apply_is_a_conflict() {
        assert_eq!(kind(409, "x"), FailureKind::Conflict);
        assert_eq!(kind(422, DOES_NOT_APPLY), FailureKind::Conflict);
        assert_eq!(kind(422, "Deployment.apps \"x\" is invalid: spec"), FailureKind::Invalid);
        assert_eq!(kind(400, DOES_NOT_APPLY), FailureKind::Refused);
    }

    #[test]
    fn large_values_are_left_out_of_refusals() {
        let refusal = |values: [&str; 2]| {
            let [one, other] = values.map(|value| {
                format!("Invalid value: {{\"Env\":\"{value}\"}}: field is immutable: really")
            });
            let body = serde_json::json!({
                "message": format!("Job.batch \"x\" is invalid: [a: {one}, b: {other}]"),
                "details": { "causes": [
                    { "field": "a", "message": one }, { "field": "b", "message": other } ] },
            });
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Failure::refused(status, &HeaderMap::new(), body.to_string().as_bytes()).message
        };
        let short = "Job.batch \"x\" is invalid: [a: Invalid value: {\"Env\":\"s\"}: field is \
                     immutable: really, b: Invalid value: {\"Env\":\"t\"}: field is immutable: really]";
        assert_eq!(refusal(["s", "t"]), short);
        assert_eq!(
            refusal([&"s: ".repeat(9_999), "t"]),
            "Job.batch \"x\" is invalid: a: field is immutable: really, b: Invalid value: \
             {\"Env\":\"t\"}: field is immutable: really"
        );
    }
}
