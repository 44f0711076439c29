//! A recording proxy: HTTP (`CONNECT` and whole URLs) and SOCKS 5. Whatever name it is asked for,
//! it dials this machine: a name need not exist to be reached through it.

use std::io::{Error, Read, Write, copy};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::request::{self, Incoming};

/// What a proxy was asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// `CONNECT`, `SOCKS5`, or the method of a request for a whole URL.
    pub how: String,
    /// Host and port, or the whole URL's.
    pub target: String,
    /// `Proxy-Authorization`, or user and password of SOCKS.
    pub authorization: Option<String>,
}

/// Which protocol a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP
    Http,
    /// SOCKS 5
    Socks,
}

/// A recording proxy; it ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    protocol: Protocol,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    asked: Mutex<Vec<Asked>>,
    ended: AtomicBool,
}

impl Proxy {
    /// Starts one.
    ///
    /// # Panics
    /// If there is no port left.
    pub fn start(protocol: Protocol) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared::default());
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if served.ended.load(Ordering::SeqCst) {
                    break;
                }
                let (Ok(stream), served) = (stream, Arc::clone(&served)) else { continue };
                // A client that breaks off is no concern of the proxy.
                thread::spawn(move || {
                    drop(match protocol {
                        Protocol::Http => served.http(stream),
                        Protocol::Socks => served.socks(stream),
                    });
                });
            }
        });
        Self { address, protocol, shared }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        let scheme = if self.protocol == Protocol::Http { "http" } else { "socks5" };
        format!("{scheme}://{}", self.address)
    }

    /// Its host and port.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// What it was asked for since this was last read.
    pub fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the listener.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn http(&self, mut client: TcpStream) -> std::io::Result<()> {
        let Incoming::Request(request) = request::read(&mut client)? else { return Ok(()) };
        let authorization = request.header("proxy-authorization").map(str::to_owned);
        let target = match request.target.strip_prefix("http://") {
            Some(rest) => rest.split('/').next().unwrap_or_default().to_owned(),
            None => request.target.clone(),
        };
        self.note(&request.method, &target, authorization);
        let mut server = dial(&target)?;
        if request.method == "CONNECT" {
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            return join(client, server);
        }
        let path = request.target.strip_prefix("http://").and_then(|rest| rest.split_once('/'));
        let path = path.map_or_else(String::new, |(_, path)| path.to_owned());
        let mut text = format!("{} /{path} HTTP/1.1\r\n", request.method);
        for (name, value) in &request.headers {
            if !name.starts_with("proxy-") {
                text.push_str(name);
                text.push_str(": ");
                text.push_str(value);
                text.push_str("\r\n");
            }
        }
        text.push_str("\r\n");
        server.write_all(text.as_bytes())?;
        // The recording server ends each connection with its answer.
        copy(&mut server, &mut client)?;
        Ok(())
    }

    /// RFC 1928, and RFC 1929 where the client has a password.
    fn socks(&self, mut client: TcpStream) -> std::io::Result<()> {
        let [_, count] = bytes(&mut client)?;
        let mut methods = vec![0; usize::from(count)];
        client.read_exact(&mut methods)?;
        let mut authorization = None;
        if methods.contains(&2) {
            client.write_all(&[5, 2])?;
            let [_] = bytes(&mut client)?;
            let user = counted(&mut client)?;
            authorization = Some(format!("{user}:{}", counted(&mut client)?));
            client.write_all(&[1, 0])?;
        } else {
            client.write_all(&[5, 0])?;
        }
        let [_, _, _, kind] = bytes(&mut client)?;
        let host = match kind {
            1 => Ipv4Addr::from(bytes::<4>(&mut client)?).to_string(),
            3 => counted(&mut client)?,
            _ => return Err(Error::other("an address of another kind")),
        };
        let port = u16::from_be_bytes(bytes(&mut client)?);
        let target = format!("{host}:{port}");
        self.note("SOCKS5", &target, authorization);
        let server = dial(&target)?;
        client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0])?;
        join(client, server)
    }

    fn note(&self, how: &str, target: &str, authorization: Option<String>) {
        let asked = Asked { how: how.to_owned(), target: target.to_owned(), authorization };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
    }
}

fn bytes<const N: usize>(stream: &mut TcpStream) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A text behind its length.
fn counted(stream: &mut TcpStream) -> std::io::Result<String> {
    let [length] = bytes(stream)?;
    let mut text = vec![0; usize::from(length)];
    stream.read_exact(&mut text)?;
    String::from_utf8(text).map_err(Error::other)
}

/// This machine, at the port of a target.
fn dial(target: &str) -> std::io::Result<TcpStream> {
    let port = target.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    TcpStream::connect((Ipv4Addr::LOCALHOST, port.ok_or_else(|| Error::other("no port"))?))
}

/// Hands everything on, both ways.
fn join(mut client: TcpStream, mut server: TcpStream) -> std::io::Result<()> {
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        drop(copy(&mut from_client, &mut to_server));
        drop(to_server.shutdown(Shutdown::Write));
    });
    copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}
