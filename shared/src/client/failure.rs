//! Why a request has failed, in the server's own words where it has some.

use std::fmt;

/// The class of a failed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// 401: the server does not know who asks.
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
    /// Any other refusal.
    Refused,
    /// `--request-timeout` is over.
    Timeout,
    /// The server cannot be reached: name, address, port, certificate.
    Unreachable,
    /// The answer broke off, or is not what it should be.
    Broken,
}

/// A request that has failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its class.
    pub kind: FailureKind,
    /// What the server says, or why there was no answer. Text from outside: whoever shows it
    /// escapes it.
    pub message: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
