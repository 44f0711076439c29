//! A server that answers as an API server without objects does, and records who asked for what:
//! it judges where a connection leads, and as whom.

mod answer;
pub mod certificate;
pub mod proxy;
mod request;
mod tls;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

pub use certificate::{Authority, Identity};
use request::{Incoming, Request};

/// A client that says nothing for so long has gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// For how long a server that hangs says nothing.
const HANGING: Duration = Duration::from_secs(20);

/// How a server treats requests.
#[derive(Clone, Debug)]
pub struct Rule {
    /// It goes for requests whose path and query contain this.
    pub path: &'static str,
    /// For so many of them, then no more.
    pub times: usize,
    /// What they get.
    pub reply: Reply,
}

/// What a request gets.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A `Status` with this code, and these headers.
    Status(u16, Vec<(&'static str, &'static str)>),
    /// The usual answer, with these headers.
    With(Vec<(&'static str, &'static str)>),
    /// This text with the code 200.
    Text(&'static str),
    /// Nothing, for very long.
    Nothing,
    /// The end of the connection.
    End,
}

/// What a server presents and asks for.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Its certificate.
    pub identity: Identity,
    /// Whether it asks for the client's, which it takes whoever has signed it.
    pub asks: bool,
}

/// One request, as the server saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// `Host`
    pub host: String,
    /// `Authorization`
    pub authorization: Option<String>,
    /// `Impersonate-*`, the names in lower case.
    pub impersonation: BTreeMap<String, Vec<String>>,
    /// Whether the answer may be compressed by gzip.
    pub compression: bool,
    /// The name that the client asked for in its TLS greeting.
    pub server_name: Option<String>,
    /// The client's certificate (DER).
    pub certificate: Option<Vec<u8>>,
    /// Whether it came over TLS.
    pub encrypted: bool,
}

/// A recording server; it ends when it is dropped.
#[derive(Debug)]
pub struct Recorder {
    address: SocketAddr,
    encrypted: bool,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    rules: Mutex<Vec<Rule>>,
    ended: AtomicBool,
}

impl Recorder {
    /// Starts a server at 127.0.0.1 with these rules: the first that fits a request goes for it.
    ///
    /// # Panics
    /// If there is no port left.
    pub fn start(tls: Option<&Tls>, rules: Vec<Rule>) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), tls, rules)
    }

    /// The same at another address of this machine.
    ///
    /// # Panics
    /// If it is not one, or there is no port left.
    pub fn start_at(address: IpAddr, tls: Option<&Tls>, rules: Vec<Rule>) -> Self {
        let listener = TcpListener::bind((address, 0)).expect("an address of this machine");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared { rules: Mutex::new(rules), ..Shared::default() });
        let configuration = tls.map(tls::server);
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if served.ended.load(Ordering::SeqCst) {
                    break;
                }
                let (Ok(stream), served) = (stream, Arc::clone(&served)) else { continue };
                let configuration = configuration.clone();
                // A client that breaks off is no concern of the server.
                thread::spawn(move || drop(served.serve(stream, configuration)));
            }
        });
        Self { address, encrypted: tls.is_some(), shared }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.encrypted { "https" } else { "http" }, self.address)
    }

    /// What it has seen since it was last asked.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces its rules.
    pub fn rule(&self, rules: Vec<Rule>) {
        *self.shared.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules;
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the listener.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn serve(
        &self,
        stream: TcpStream,
        configuration: Option<Arc<rustls::ServerConfig>>,
    ) -> std::io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let Some(configuration) = configuration else {
            return self.converse(stream, |_| (None, None, false));
        };
        let connection =
            rustls::ServerConnection::new(configuration).map_err(std::io::Error::other)?;
        self.converse(rustls::StreamOwned::new(connection, stream), |stream| {
            let name = stream.conn.server_name().map(str::to_owned);
            let certificates = stream.conn.peer_certificates().unwrap_or_default();
            (name, certificates.first().map(|first| first.to_vec()), true)
        })
    }

    fn converse<S: Read + Write>(
        &self,
        mut stream: S,
        peer: impl Fn(&S) -> (Option<String>, Option<Vec<u8>>, bool),
    ) -> std::io::Result<()> {
        loop {
            let request = match request::read(&mut stream)? {
                Incoming::Request(request) => request,
                // What Go's server says to a TLS greeting.
                Incoming::Other => {
                    return stream.write_all(
                        b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTPS request to an HTTP server.\n",
                    );
                }
                Incoming::End => return Ok(()),
            };
            let (server_name, certificate, encrypted) = peer(&stream);
            let mut seen = seen(&request);
            seen.server_name = server_name;
            seen.certificate = certificate;
            seen.encrypted = encrypted;
            let reply = self.reply(&seen.target);
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
            match reply {
                Some(Reply::Nothing) => {
                    thread::sleep(HANGING);
                    return Ok(());
                }
                Some(Reply::End) => return Ok(()),
                Some(Reply::Status(code, headers)) => {
                    answer::write(&mut stream, code, &headers, &answer::status(code))?;
                }
                Some(Reply::Text(text)) => answer::write(&mut stream, 200, &[], text)?,
                Some(Reply::With(headers)) => {
                    let (code, body) = answer::body(&request.target);
                    answer::write(&mut stream, code, &headers, &body)?;
                }
                None => {
                    let (code, body) = answer::body(&request.target);
                    answer::write(&mut stream, code, &[], &body)?;
                }
            }
            if request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
            {
                return Ok(());
            }
        }
    }

    /// The reply of the first rule that fits.
    fn reply(&self, target: &str) -> Option<Reply> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let rule = rules.iter_mut().find(|rule| rule.times > 0 && target.contains(rule.path))?;
        rule.times -= 1;
        Some(rule.reply.clone())
    }
}

fn seen(request: &Request) -> Seen {
    let mut impersonation: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in &request.headers {
        if name.starts_with("impersonate-") {
            impersonation.entry(name.clone()).or_default().push(value.clone());
        }
    }
    Seen {
        method: request.method.clone(),
        target: request.target.clone(),
        host: request.header("host").unwrap_or_default().to_owned(),
        authorization: request.header("authorization").map(str::to_owned),
        impersonation,
        compression: request.header("accept-encoding").is_some_and(|text| text.contains("gzip")),
        server_name: None,
        certificate: None,
        encrypted: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(recorder: &Recorder, text: &str) -> String {
        let mut stream = TcpStream::connect(recorder.address).expect("it listens");
        stream.write_all(text.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    #[test]
    fn it_answers_and_records() {
        let rule = Rule { path: "nodes", times: 1, reply: Reply::Status(403, Vec::new()) };
        let recorder = Recorder::start(None, vec![rule]);
        let request = "GET /p/api/v1/nodes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nImpersonate-Group: g\r\nImpersonate-Group: h\r\nConnection: close\r\n\r\n";
        assert!(ask(&recorder, request).starts_with("HTTP/1.1 403 "));
        assert!(ask(&recorder, request).starts_with("HTTP/1.1 200 "));
        let seen = recorder.take();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].target, "/p/api/v1/nodes");
        assert_eq!(seen[0].authorization.as_deref(), Some("Bearer x"));
        assert_eq!(seen[0].impersonation["impersonate-group"], ["g", "h"]);
        assert!(recorder.take().is_empty());
    }

    #[test]
    fn a_greeting_in_the_wrong_language_is_told_so() {
        let recorder = Recorder::start(None, Vec::new());
        assert!(ask(&recorder, "\u{16}\u{3}\u{1}\u{0}\u{2}hi").starts_with("HTTP/1.0 400 "));
        assert!(recorder.take().is_empty());
    }
}
