//! What happens to which request.

use std::io;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::wire::{Reply, Request, Wire};
use super::{LOOK, Shared};

/// How often a slow body is written in a second.
const PIECES: usize = 20;

/// What happens to a request.
pub enum Fault {
    /// It is answered with this status and a `Status` that says what it is.
    Status(u16),
    /// The same, with a `Retry-After` of so many seconds.
    RetryAfter(u16, u64),
    /// It is answered with this.
    Answer(Reply),
    /// The connection ends in the middle of the server's answer.
    Cut,
    /// The connection ends before any answer.
    Close,
    /// The body comes with so many bytes in a second.
    Slow(usize),
    /// The first half of the server's body comes as if it were all of it.
    Half,
    /// No answer ever comes, and the connection stays.
    Silent,
    /// A web page is the answer, with the status 200.
    Html,
    /// The server gets another path and query than was asked for, and its answer comes.
    Rewrite(fn(&str) -> String),
    /// The server's answer comes after this function has changed it.
    Change(fn(Reply) -> Reply),
}

/// To which requests a fault happens.
pub struct Rule {
    prefix: String,
    needle: String,
    first: usize,
    count: usize,
    fault: Fault,
}

impl Rule {
    /// To every request whose path and query begin like this.
    pub fn new(prefix: &str, fault: Fault) -> Self {
        Self {
            prefix: prefix.to_owned(),
            needle: String::new(),
            first: 1,
            count: usize::MAX,
            fault,
        }
    }

    /// Only if this text is somewhere in path and query (`continue=`).
    #[must_use]
    pub fn with(mut self, needle: &str) -> Self {
        needle.clone_into(&mut self.needle);
        self
    }

    /// Only from the so-manieth of them on, counted from 1.
    #[must_use]
    pub fn from(mut self, first: usize) -> Self {
        self.first = first;
        self
    }

    /// Only so many times.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    pub(super) fn is_about(&self, request: &Request) -> bool {
        request.target.starts_with(&self.prefix) && request.target.contains(&self.needle)
    }

    /// Whether it happens to the so-manieth request that it is about.
    pub(super) fn hits(&self, number: usize) -> bool {
        number >= self.first && number - self.first < self.count
    }

    pub(super) fn fault(&self) -> &Fault {
        &self.fault
    }
}

/// The server's answer with what happens to it; whether the connection stays open.
pub(super) fn act(
    fault: Option<&Fault>,
    request: &Request,
    wire: &mut Wire,
    shared: &Shared,
) -> io::Result<bool> {
    let half = |body: &[u8]| body[..body.len() / 2].to_vec();
    let reply = match fault {
        None => shared.pass_on(request),
        Some(Fault::Status(status)) => refusal(*status),
        Some(Fault::RetryAfter(status, seconds)) => {
            refusal(*status).header("Retry-After", &seconds.to_string())
        }
        Some(Fault::Answer(reply)) => reply.clone(),
        Some(Fault::Html) => Reply::new(200, "<!DOCTYPE html>\n<title>Sign in</title>\n")
            .header("Content-Type", "text/html; charset=utf-8"),
        Some(Fault::Rewrite(rewrite)) => {
            shared.pass_on(&Request { target: rewrite(&request.target), ..request.clone() })
        }
        Some(Fault::Change(change)) => change(shared.pass_on(request)),
        Some(Fault::Half) => {
            let reply = shared.pass_on(request);
            Reply { body: half(&reply.body), ..reply }
        }
        Some(Fault::Cut) => {
            let reply = shared.pass_on(request);
            wire.head(&reply)?;
            wire.body(&half(&reply.body))?;
            return Ok(false);
        }
        Some(Fault::Close) => return Ok(false),
        Some(Fault::Silent) => {
            while !shared.stopped.load(Ordering::Relaxed) && wire.is_open() {
                thread::sleep(LOOK);
            }
            return Ok(false);
        }
        Some(Fault::Slow(bytes)) => {
            let reply = shared.pass_on(request);
            wire.head(&reply)?;
            for piece in reply.body.chunks((bytes / PIECES).max(1)) {
                if shared.stopped.load(Ordering::Relaxed) {
                    return Ok(false);
                }
                wire.body(piece)?;
                thread::sleep(Duration::from_secs(1) / u32::try_from(PIECES).unwrap_or(1));
            }
            return Ok(true);
        }
    };
    wire.head(&reply)?;
    wire.body(&reply.body)?;
    Ok(true)
}

/// A refusal as the API server writes one.
fn refusal(status: u16) -> Reply {
    let status_object = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": format!("refused with {status} by the proxy"),
        "code": status,
    });
    Reply::new(status, &status_object.to_string()).header("Content-Type", "application/json")
}
