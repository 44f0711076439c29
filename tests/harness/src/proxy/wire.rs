//! HTTP/1.1 on a socket, as far as a proxy for tests needs it.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};

/// Headers that are about one connection, or about the form of a body: none of them is passed on,
/// and the answers of the server behind are never compressed.
const OF_A_CONNECTION: [&str; 10] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The headers, their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers; the length of the body is added where it is not among them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// An answer without headers.
    pub fn new(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The headers that are passed on to the server behind.
pub(super) fn end_to_end(headers: &BTreeMap<String, String>) -> Vec<(String, String)> {
    all_end_to_end(headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// The headers of these that are passed on.
pub(super) fn all_end_to_end(mut headers: Vec<(String, String)>) -> Vec<(String, String)> {
    headers.retain(|(name, _)| !OF_A_CONNECTION.contains(&name.to_ascii_lowercase().as_str()));
    headers
}

/// A connection with whoever asks.
pub(super) struct Wire {
    stream: TcpStream,
    /// What was read and not yet used.
    waiting: Vec<u8>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, waiting: Vec::new() }
    }

    /// The next request; `None` when there is none to come.
    pub(super) fn request(&mut self, stopped: &AtomicBool) -> io::Result<Option<Request>> {
        let head_end = loop {
            if let Some(at) = self.waiting.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.read_more(stopped)? {
                return Ok(None);
            }
            // As Go's server answers a handshake of TLS.
            if !self.waiting.first().is_some_and(u8::is_ascii_uppercase) {
                self.stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")?;
                return Ok(None);
            }
        };
        let head: Vec<u8> = self.waiting.drain(..head_end).collect();
        let head = String::from_utf8_lossy(&head);
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (method, target) = (word(), word());
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.get("content-length").and_then(|text| text.parse().ok());
        let length: usize = length.unwrap_or_default();
        while self.waiting.len() < length {
            if !self.read_more(stopped)? {
                return Ok(None);
            }
        }
        let body = self.waiting.drain(..length).collect();
        Ok(Some(Request { method, target, headers, body }))
    }

    /// Whether more came; not so when the connection has ended, or the proxy.
    fn read_more(&mut self, stopped: &AtomicBool) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.waiting.extend_from_slice(&buffer[..count]);
                    return Ok(true);
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    if stopped.load(Ordering::Relaxed) {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes the status line and the headers, with the length of the whole body.
    pub(super) fn head(&mut self, reply: &Reply) -> io::Result<()> {
        let mut head = Vec::new();
        write!(head, "HTTP/1.1 {} Said\r\n", reply.status)?;
        for (name, value) in &reply.headers {
            write!(head, "{name}: {value}\r\n")?;
        }
        let is_length = |name: &str| name.eq_ignore_ascii_case("content-length");
        if !reply.headers.iter().any(|(name, _)| is_length(name)) {
            write!(head, "Content-Length: {}\r\n", reply.body.len())?;
        }
        head.extend_from_slice(b"\r\n");
        self.stream.write_all(&head)
    }

    /// Writes some of the body.
    pub(super) fn body(&mut self, piece: &[u8]) -> io::Result<()> {
        self.stream.write_all(piece)?;
        self.stream.flush()
    }

    /// Whether the other side is still there.
    pub(super) fn is_open(&mut self) -> bool {
        let mut one = [0];
        match self.stream.peek(&mut one) {
            Ok(count) => count > 0,
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }

    /// Ends the connection.
    pub(super) fn close(self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Both)
    }
}
