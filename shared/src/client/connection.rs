//! A connection to an API server: single requests with retries, and lists in pages.
//!
//! Callers are synchronous. Requests run on a thread of their own and hand their pages over a
//! bounded channel, so that a page is parsed while the next one comes, and memory holds only a
//! few of them.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use kube::client::{Body, ClientBuilder};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use super::connect::{ConnectOptions, Target};
use super::failure::{Failure, FailureKind};
use super::list::{Event, List};
use super::notices::Notices;
use crate::model::error::{Error, Result};

/// How many requests are under way at once.
const CONCURRENCY: usize = 8;

/// How many pages wait for whoever reads them.
const WAITING_PAGES: usize = 2;

/// How often a request is tried.
const TRIES: u32 = 5;

/// The pause before a second try where the server names none; it doubles from then on.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause between tries, whatever the server asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What the server is asked for: JSON.
pub const JSON: &str = "application/json";

/// Only identity, labels and owners of the objects of a list.
const METADATA: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// An open connection. It dials with its first request.
pub struct Connection {
    runtime: Runtime,
    shared: Arc<Shared>,
    target: Target,
}

struct Shared {
    client: kube::Client,
    timeout: Option<Duration>,
    notices: Arc<dyn Notices>,
    verbosity: u8,
    server: String,
    warned: Mutex<BTreeSet<String>>,
    slots: Semaphore,
}

/// What the server has answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The media type, without its parameters.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("target", &self.target).finish_non_exhaustive()
    }
}

impl Connection {
    /// Prepares a connection; nothing is dialled yet.
    pub fn open(
        target: Target,
        options: &ConnectOptions,
        notices: Arc<dyn Notices>,
    ) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| Error::could_not_run(format!("no thread for requests: {error}")))?;
        let mut config = target.config.clone();
        config.default_retry = false;
        let client = {
            let _inside = runtime.enter();
            ClientBuilder::try_from(config)
                .map_err(|error| Error::could_not_run(error.to_string()))?
                .build()
        };
        let shared = Arc::new(Shared {
            client,
            timeout: options.request_timeout,
            notices,
            verbosity: options.verbosity,
            server: target.server.trim_end_matches('/').to_owned(),
            warned: Mutex::default(),
            slots: Semaphore::new(CONCURRENCY),
        });
        Ok(Self { runtime, shared, target })
    }

    /// Where it leads.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Asks for a path (`/version`), with its query.
    pub fn get(&self, path: &str, accept: &str) -> std::result::Result<Answer, Failure> {
        self.runtime.block_on(self.shared.get(path, accept))
    }

    /// Reads lists, several at a time; events carry the position of their list. Every list ends
    /// with [`Event::End`] or [`Event::Failed`].
    pub fn read(&self, lists: Vec<List>) -> Events {
        let (sender, receiver) = mpsc::channel(WAITING_PAGES);
        for (position, list) in lists.into_iter().enumerate() {
            let (shared, sender) = (Arc::clone(&self.shared), sender.clone());
            self.runtime.spawn(async move {
                let last = match shared.pages(position, &list, &sender).await {
                    Ok(()) => Event::End,
                    Err(failure) => Event::Failed(failure),
                };
                // Whoever reads no further has what it wants.
                drop(sender.send((position, last)).await);
            });
        }
        Events { receiver }
    }
}

/// What happens to lists while they are read.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::Receiver<(usize, Event)>,
}

impl Iterator for Events {
    type Item = (usize, Event);

    fn next(&mut self) -> Option<Self::Item> {
        self.receiver.blocking_recv()
    }
}

/// The beginning of a list: whether there is more of it.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(default, rename = "items")]
    _items: IgnoredAny,
}

#[derive(Default, Deserialize)]
struct PageMetadata {
    #[serde(default, rename = "continue")]
    token: String,
}

/// The server's `Status`, as far as it is read.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    message: String,
}

impl Shared {
    /// Sends every page of a list, or the one object that it names.
    async fn pages(
        &self,
        position: usize,
        list: &List,
        sender: &mpsc::Sender<(usize, Event)>,
    ) -> std::result::Result<(), Failure> {
        let accept = if list.metadata_only { METADATA } else { JSON };
        let path = list.resource.path(list.namespace.as_deref());
        if let Some(name) = &list.name {
            let answer = self.get(&format!("{path}/{name}"), accept).await?;
            drop(sender.send((position, Event::Page(answer.body.into()))).await);
            return Ok(());
        }
        let mut token = String::new();
        let mut page = list.page;
        loop {
            let answer = match self.get(&target_of(&path, list, page, &token), accept).await {
                Err(failure) if failure.kind == FailureKind::Expired && !token.is_empty() => {
                    // As client-go's pager: the second time everything comes at once.
                    page = 0;
                    token.clear();
                    drop(sender.send((position, Event::Restart)).await);
                    continue;
                }
                outcome => outcome?,
            };
            let head: Page = serde_json::from_slice(&answer.body).map_err(|error| Failure {
                kind: FailureKind::Broken,
                message: format!("the server's answer is no list: {error}"),
                status: Some(200),
            })?;
            token = head.metadata.token;
            if sender.send((position, Event::Page(answer.body.into()))).await.is_err() {
                return Ok(());
            }
            if token.is_empty() {
                return Ok(());
            }
        }
    }

    /// One request, tried again while that may help and there is time.
    async fn get(&self, path: &str, accept: &str) -> std::result::Result<Answer, Failure> {
        let slot = self.slots.acquire().await;
        let deadline = self.timeout.map(|timeout| Instant::now() + timeout);
        let mut pause = FIRST_PAUSE;
        let mut tries = 1;
        let outcome = loop {
            let attempt = self.attempt(path, accept);
            let outcome = match deadline {
                Some(deadline) => tokio::time::timeout_at(deadline, attempt)
                    .await
                    .unwrap_or_else(|_| Err((self.timed_out(path), None))),
                None => attempt.await,
            };
            let (failure, asked) = match outcome {
                Ok(answer) => break Ok(answer),
                Err(failed) => failed,
            };
            let wait = asked.unwrap_or(pause).min(LONGEST_PAUSE);
            let in_time = deadline.is_none_or(|deadline| Instant::now() + wait < deadline);
            if tries >= TRIES || !in_time || !may_pass(&failure) {
                break Err(failure);
            }
            tokio::time::sleep(wait).await;
            pause *= 2;
            tries += 1;
        };
        drop(slot);
        outcome
    }

    /// One try; beside a failure the pause that the server asks for.
    async fn attempt(
        &self,
        path: &str,
        accept: &str,
    ) -> std::result::Result<Answer, (Failure, Option<Duration>)> {
        let request = Request::get(path)
            .header(ACCEPT, accept)
            .body(Body::empty())
            .map_err(|error| (broken(error.to_string()), None))?;
        let response =
            self.client.send(request).await.map_err(|error| (unreachable(&error), None))?;
        let (parts, body) = response.into_parts();
        self.warn(&parts.headers);
        let body = body.collect().await.map_err(|error| (broken(error.to_string()), None))?;
        let body = body.to_bytes();
        if parts.status.is_success() {
            let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
            let content_type = header(http::header::CONTENT_TYPE).unwrap_or_default();
            let content_type = content_type.split(';').next().unwrap_or_default().to_owned();
            return Ok(Answer { content_type, body });
        }
        let asked = parts.headers.get(http::header::RETRY_AFTER);
        let asked = asked.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
        Err((refused(parts.status, &body), asked.map(Duration::from_secs)))
    }

    fn warn(&self, headers: &HeaderMap) {
        for value in headers.get_all(http::header::WARNING) {
            let Some(text) = value.to_str().ok().and_then(warning_text) else { continue };
            let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
            if warned.insert(text.clone()) {
                self.notices.warning(&text);
            }
        }
    }

    fn timed_out(&self, path: &str) -> Failure {
        Failure {
            kind: FailureKind::Timeout,
            message: format!("no answer from {}{path} within the request timeout", self.server),
            status: None,
        }
    }
}

/// The path and query of a page.
fn target_of(path: &str, list: &List, page: usize, token: &str) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    let selectors =
        [("labelSelector", &list.label_selector), ("fieldSelector", &list.field_selector)];
    for (key, value) in selectors {
        pairs.extend(value.as_ref().map(|value| (key, value.clone())));
    }
    if page > 0 {
        pairs.push(("limit", page.to_string()));
    }
    if !token.is_empty() {
        pairs.push(("continue", token.to_owned()));
    }
    let query: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{key}={}", escape_query(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// Percent-encodes a value of a query.
fn escape_query(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
        escaped
    })
}

/// The text of a `Warning` header: `299 - "text"`.
fn warning_text(value: &str) -> Option<String> {
    let rest = value.split_once('"')?.1;
    let mut text = String::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Some(text),
            '\\' => text.push(characters.next()?),
            _ => text.push(character),
        }
    }
    None
}

/// Whether the same request may pass the next time.
fn may_pass(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::TooManyRequests | FailureKind::Server | FailureKind::Broken)
}

fn broken(message: String) -> Failure {
    Failure { kind: FailureKind::Broken, message, status: None }
}

fn unreachable(error: &(dyn std::error::Error + 'static)) -> Failure {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(below) = cause {
        let text = below.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = below.source();
    }
    Failure { kind: FailureKind::Unreachable, message, status: None }
}

fn refused(status: StatusCode, body: &[u8]) -> Failure {
    let kind = match status.as_u16() {
        401 => FailureKind::Unauthorized,
        403 => FailureKind::Forbidden,
        404 => FailureKind::NotFound,
        410 => FailureKind::Expired,
        429 => FailureKind::TooManyRequests,
        500..=599 => FailureKind::Server,
        _ => FailureKind::Refused,
    };
    let said = serde_json::from_slice::<Status>(body).map(|status| status.message);
    let message = match said {
        Ok(message) if !message.is_empty() => message,
        _ => format!("the server answered {status}"),
    };
    Failure { kind, message, status: Some(status.as_u16()) }
}
