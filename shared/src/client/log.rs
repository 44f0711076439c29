//! What `-v` shows of requests, level by level as client-go does: 6 a line for each, 7 with the
//! request's headers, 8 with the answer's and the beginning of its body, 9 as a command of curl and
//! with more of the body, 10 with all of it. Never a secret.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use memchr::memmem;

use super::notices::Notices;

/// How much of a body is shown at 8.
const SHORT: usize = 1024;

/// How much of a body is shown at 9.
const LONG: usize = 10_240;

/// What stands in a path before or behind what is secret.
const SECRET_SEGMENTS: [&str; 4] = ["secrets", "token", "tokenreviews", "tokenrequests"];

/// The kinds whose bodies are secret begin like this.
const SECRET_KINDS: [&str; 2] = ["Secret", "Token"];

/// How answers of discovery begin: they name every kind, and hold nothing of any object.
const DISCOVERY: &[u8] = b"{\"kind\":\"API";

/// Where the lines go that `-v` asks for.
#[derive(Debug)]
pub(super) struct Log {
    verbosity: u8,
    notices: Arc<dyn Notices>,
    /// Lines of one message stay together.
    one_at_a_time: Mutex<()>,
}

/// A request, as it is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'a> {
    /// `GET`
    pub(super) method: &'a str,
    /// The whole address, without user information.
    pub(super) url: &'a str,
    /// The headers that are sent, with those that the layers below add.
    pub(super) headers: &'a HeaderMap,
}

/// Which way a body goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// To the server.
    Request,
    /// From the server.
    Response,
}

impl Log {
    /// A log at a level of `-v`.
    pub(super) fn new(verbosity: u8, notices: Arc<dyn Notices>) -> Self {
        Self { verbosity, notices, one_at_a_time: Mutex::new(()) }
    }

    /// A request is sent.
    pub(super) fn request(&self, shown: Shown<'_>) {
        let mut line = "\"Request\"".to_owned();
        match self.verbosity {
            0..=6 => return,
            7 | 8 => {
                text(&mut line, "verb", shown.method);
                text(&mut line, "url", shown.url);
                text(&mut line, "headers", &headers(shown.headers));
            }
            _ => text(&mut line, "curlCommand", &curl(shown)),
        }
        self.say(&line);
    }

    /// Its answer begins, or there is none.
    pub(super) fn response(
        &self,
        shown: Shown<'_>,
        answer: Option<(StatusCode, &HeaderMap)>,
        after: Duration,
    ) {
        if self.verbosity < 6 {
            return;
        }
        let mut line = "\"Response\"".to_owned();
        if matches!(self.verbosity, 6 | 9..) {
            text(&mut line, "verb", shown.method);
            text(&mut line, "url", shown.url);
        }
        let status = answer.map(|(status, _)| status.to_string()).unwrap_or_default();
        text(&mut line, "status", &status);
        if self.verbosity >= 8 {
            text(&mut line, "headers", &answer.map(|(_, all)| headers(all)).unwrap_or_default());
        }
        number(&mut line, "milliseconds", after.as_millis());
        self.say(&line);
    }

    /// The body of a request is about to be sent, or that of an answer is there.
    pub(super) fn body(&self, direction: Direction, path: &str, body: &[u8]) {
        let most = match self.verbosity {
            0..=7 => return,
            8 => SHORT,
            9 => LONG,
            _ => usize::MAX,
        };
        let mut line = format!("\"{direction:?} Body\"");
        if is_secret(path, body) {
            line.push_str(" body=<masked>");
        } else {
            let end = body.len().min(most);
            let mut shown = String::from_utf8_lossy(body.get(..end).unwrap_or(body)).into_owned();
            if end < body.len() {
                let cut = write!(shown, " [truncated {} chars]", body.len() - end);
                debug_assert!(cut.is_ok(), "a string takes everything");
            }
            text(&mut line, "body", &shown);
        }
        self.say(&line);
    }

    /// A request is made again after a pause.
    pub(super) fn again(&self, url: &str, pause: Duration, try_number: u32, asked: bool) {
        if self.verbosity < 4 {
            return;
        }
        let why = if asked { "Got a Retry-After response" } else { "Trying again" };
        let mut line = format!("\"{why}\" delay=\"{pause:?}\"");
        number(&mut line, "attempt", u128::from(try_number));
        text(&mut line, "url", url);
        self.say(&line);
    }

    fn say(&self, message: &str) {
        let _one = self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        for line in message.lines() {
            self.notices.log(line);
        }
    }
}

/// Adds a value as klog does: quoted, or in lines of its own if it has several.
fn text(line: &mut String, key: &str, value: &str) {
    let added = if value.contains('\n') {
        let lines = value.trim_end_matches('\n').replace('\n', "\n\t");
        write!(line, " {key}=<\n\t{lines}\n >")
    } else {
        write!(line, " {key}={value:?}")
    };
    debug_assert!(added.is_ok(), "a string takes everything");
}

fn number(line: &mut String, key: &str, value: u128) {
    let added = write!(line, " {key}={value}");
    debug_assert!(added.is_ok(), "a string takes everything");
}

/// Headers in the order of their names, a line each.
fn headers(all: &HeaderMap) -> String {
    pairs(all)
        .iter()
        .fold(String::new(), |lines, (name, value)| format!("{lines}{name}: {value}\n"))
}

fn pairs(all: &HeaderMap) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> =
        all.iter().map(|(name, value)| (canonical(name), masked(name, value))).collect();
    // Stable: several values of a name keep their order.
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    pairs
}

/// The command that makes the same request, for a shell.
fn curl(shown: Shown<'_>) -> String {
    let headers = pairs(shown.headers).iter().fold(String::new(), |said, (name, value)| {
        format!("{said} -H {:?}", format!("{name}: {value}"))
    });
    format!("curl -v -X{} {headers} '{}'\n", shown.method, shown.url)
}

/// `Content-Type`, as Go writes it.
fn canonical(name: &HeaderName) -> String {
    let mut is_first = true;
    let upper = |character: char| {
        let written = if is_first { character.to_ascii_uppercase() } else { character };
        is_first = character == '-';
        written
    };
    name.as_str().chars().map(upper).collect()
}

/// The value of a header, without what is secret in it.
fn masked(name: &HeaderName, value: &HeaderValue) -> String {
    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
    if *name == COOKIE || *name == SET_COOKIE || *name == PROXY_AUTHORIZATION {
        return "<masked>".to_owned();
    }
    if *name != AUTHORIZATION || value.is_empty() {
        return value;
    }
    let scheme = value.split(' ').next().unwrap_or_default();
    let is_known =
        ["bearer", "basic", "negotiate"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if !is_known {
        "<masked>".to_owned()
    } else if value.len() > scheme.len() + 1 {
        format!("{scheme} <masked>")
    } else {
        scheme.to_owned()
    }
}

/// Whether a body may hold a secret: by its path, or by a kind that it names.
fn is_secret(path: &str, body: &[u8]) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    path.split('/').any(|segment| SECRET_SEGMENTS.contains(&segment))
        || !body.starts_with(DISCOVERY)
            && memmem::find_iter(body, b"\"kind\"").any(|at| {
                let rest =
                    body.get(at + b"\"kind\"".len()..).unwrap_or_default().trim_ascii_start();
                let value = rest.strip_prefix(b":").unwrap_or_default().trim_ascii_start();
                let value = value.strip_prefix(b"\"").unwrap_or_default();
                SECRET_KINDS.iter().any(|kind| value.starts_with(kind.as_bytes()))
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default)]
    struct Lines(Mutex<Vec<String>>);

    impl Notices for Lines {
        fn warning(&self, _: &str) {}

        fn log(&self, line: &str) {
            self.0.lock().unwrap().push(line.to_owned());
        }
    }

    fn logged(verbosity: u8, path: &str, body: &[u8]) -> String {
        let lines = Arc::new(Lines::default());
        let log = Log::new(verbosity, Arc::clone(&lines) as Arc<dyn Notices>);
        let mut sent = HeaderMap::new();
        sent.insert("user-agent", "x/1".parse().unwrap());
        sent.insert(AUTHORIZATION, "Bearer hidden".parse().unwrap());
        let mut got = HeaderMap::new();
        got.insert("content-type", "application/json".parse().unwrap());
        got.insert(SET_COOKIE, "hidden".parse().unwrap());
        let url = format!("https://a{path}");
        let shown = Shown { method: "GET", url: &url, headers: &sent };
        log.request(shown);
        log.response(shown, Some((StatusCode::OK, &got)), Duration::from_millis(7));
        log.body(Direction::Response, path, body);
        let said = lines.0.lock().unwrap().join("\n");
        assert!(!said.contains("hidden"), "{said}");
        said
    }

    #[test]
    fn every_level_is_client_gos() {
        assert_eq!(logged(5, "/x", b"{}"), "");
        assert_eq!(
            logged(6, "/x", b"{}"),
            r#""Response" verb="GET" url="https://a/x" status="200 OK" milliseconds=7"#
        );
        let request = "\"Request\" verb=\"GET\" url=\"https://a/x\" headers=<
\tAuthorization: Bearer <masked>
\tUser-Agent: x/1
 >";
        assert_eq!(
            logged(7, "/x", b"{}"),
            format!("{request}\n\"Response\" status=\"200 OK\" milliseconds=7")
        );
        let answer = "headers=<
\tContent-Type: application/json
\tSet-Cookie: <masked>
 > milliseconds=7
\"Response Body\" body=";
        assert_eq!(
            logged(8, "/x", b"{}"),
            format!("{request}\n\"Response\" status=\"200 OK\" {answer}\"{{}}\"")
        );
        assert_eq!(
            logged(9, "/x", b"{}\n"),
            format!(
                "\"Request\" curlCommand=<
\tcurl -v -XGET  -H \"Authorization: Bearer <masked>\" -H \"User-Agent: x/1\" 'https://a/x'
 >
\"Response\" verb=\"GET\" url=\"https://a/x\" status=\"200 OK\" {answer}<\n\t{{}}\n >"
            )
        );
    }

    #[test]
    fn bodies_are_cut_as_client_go_cuts_them() {
        let body = "x".repeat(10_241);
        assert!(logged(8, "/x", body.as_bytes()).ends_with("x [truncated 9217 chars]\""));
        assert!(logged(9, "/x", body.as_bytes()).ends_with("x [truncated 1 chars]\""));
        assert!(logged(10, "/x", body.as_bytes()).ends_with("x\""));
    }

    #[test]
    fn secrets_have_no_body() {
        let secrets: [(&str, &[u8]); 5] = [
            ("/api/v1/namespaces/a/secrets?limit=500", b"{\"data\": \"hidden\"}"),
            ("/api/v1/namespaces/a/secrets/b", b"hidden"),
            ("/api/v1/namespaces/a/serviceaccounts/b/token", b"hidden"),
            ("/x", b"{\"items\": [{\"kind\" : \"Secret\", \"data\": \"hidden\"}]}"),
            ("/x", b"{\"kind\":\"TokenReview\",\"spec\":\"hidden\"}"),
        ];
        for (path, body) in secrets {
            assert!(logged(10, path, body).ends_with("body=<masked>"), "{path}");
        }
        let discovery = b"{\"kind\":\"APIResourceList\",\"resources\":[{\"kind\":\"Secret\"}]}";
        assert!(logged(10, "/api/v1", discovery).contains("APIResourceList"));
        assert!(logged(10, "/x?token=1", b"{\"kind\":\"Pod\"}").contains("Pod"));
    }

    #[test]
    fn credentials_are_masked_by_their_scheme() {
        let of = |value: &str| masked(&AUTHORIZATION, &value.parse().unwrap());
        assert_eq!(of("bearer x"), "bearer <masked>");
        assert_eq!(of("Basic"), "Basic");
        assert_eq!(of("hidden"), "<masked>");
        assert_eq!(of("Digest hidden"), "<masked>");
        assert_eq!(of(""), "");
    }
}
