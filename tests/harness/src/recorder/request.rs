//! The beginning of an HTTP/1.1 request: its line and its headers.

use std::io::Read;

/// The longest beginning of a request.
const LONGEST: usize = 1 << 20;

/// A request, without its body.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// The path with its query, or what stands in its place.
    pub(super) target: String,
    /// The names in lower case.
    pub(super) headers: Vec<(String, String)>,
}

impl Request {
    /// The first header of a name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What comes over a connection.
pub(super) enum Incoming {
    /// A request.
    Request(Request),
    /// Something that is none, such as the greeting of TLS.
    Other,
    /// Nothing more.
    End,
}

/// Reads a request with its body, which is dropped.
pub(super) fn read(stream: &mut impl Read) -> std::io::Result<Incoming> {
    let Some(head) = head(stream)? else { return Ok(Incoming::End) };
    let Some(request) = parse(&head) else { return Ok(Incoming::Other) };
    let length = request.header("content-length").and_then(|text| text.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(Incoming::Request(request))
}

/// Everything up to the empty line, or what comes at once if it is no text.
fn head(stream: &mut impl Read) -> std::io::Result<Option<Vec<u8>>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
        if head.len() == 1 && !byte[0].is_ascii_alphabetic() {
            // A greeting of TLS says how long it is. Whoever closes a connection with something
            // unread on it resets it, and the answer is lost.
            let mut rest = [0; 4];
            stream.read_exact(&mut rest)?;
            let length = u64::from(u16::from_be_bytes([rest[2], rest[3]]));
            std::io::copy(&mut stream.take(length), &mut std::io::sink())?;
            break;
        }
        if head.len() > LONGEST {
            break;
        }
    }
    Ok(Some(head))
}

fn parse(head: &[u8]) -> Option<Request> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.trim_end().split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target, _) = (words.next()?, words.next()?, words.next()?);
    let headers = lines
        .map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect::<Option<_>>()?;
    Some(Request { method: method.to_owned(), target: target.to_owned(), headers })
}
