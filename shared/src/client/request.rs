//! One request: what is sent, its retries and redirections, and the answer as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, USER_AGENT, WARNING,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body_util::BodyExt as _;
use kube::client::Body;
use tokio::time::Instant;

use super::connect::ConnectOptions;
use super::connection::{Answer, JSON};
use super::failure::{self, Failure, FailureKind};
use super::log::{Direction, Log, Shown};
use super::notices::Notices;
use super::redirect;
use super::retry::{LONGEST_PAUSE, Patience};
use super::warning;

/// The largest body that is read, in bytes: 1 GiB. A larger one is no answer that anybody means.
const LARGEST_BODY: usize = 1 << 30;

/// For how much of a body there is room before it comes, in bytes.
const MOST_ROOM: usize = 1 << 24;

/// Makes requests to one server as one user.
pub(super) struct Requests {
    client: kube::Client,
    /// Scheme, host and port of the server.
    server: String,
    /// What every path of the server begins with, if it does not lie at the root.
    base: String,
    /// `--request-timeout`: from the first try to the last byte of the answer.
    timeout: Option<Duration>,
    user_agent: HeaderValue,
    /// What the layers below add, secrets masked.
    added: HeaderMap,
    log: Log,
    notices: Arc<dyn Notices>,
    warned: Mutex<BTreeSet<String>>,
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").field("server", &self.server).finish_non_exhaustive()
    }
}

/// What is sent.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// What is done.
    pub(super) method: &'a Method,
    /// The path with its query.
    pub(super) path: &'a str,
    /// The media type of the answer.
    pub(super) accept: &'a str,
    /// The media type of what is sent along, and the text.
    pub(super) content: Option<(&'a str, &'a str)>,
    /// Whether it may be sent again where nobody knows what became of it: it changes nothing.
    pub(super) is_idle: bool,
}

impl<'a> Call<'a> {
    /// A reading.
    fn get(path: &'a str, accept: &'a str) -> Self {
        Self { method: &Method::GET, path, accept, content: None, is_idle: true }
    }
}

/// A try that has failed.
struct Failed {
    failure: Failure,
    /// Whether the next one may pass.
    may_pass: bool,
    /// The pause that the server asks for.
    asked: Option<Duration>,
}

impl From<Failure> for Failed {
    /// One that is not tried again.
    fn from(failure: Failure) -> Self {
        Self { failure, may_pass: false, asked: None }
    }
}

impl Requests {
    /// Prepares requests to the server that a configuration names, through the client that `build`
    /// makes of it. Nothing is dialled.
    pub(super) fn new(
        config: &kube::Config,
        options: &ConnectOptions,
        notices: Arc<dyn Notices>,
        build: impl FnOnce(kube::Config) -> kube::Result<kube::Client>,
    ) -> Result<Self, Failure> {
        let broken = |message: &str| Failure::new(FailureKind::Unreachable, message);
        let server = redirect::origin(&config.cluster_url)
            .ok_or_else(|| broken("the address of the server has no scheme or no host"))?;
        let base = config.cluster_url.path().trim_end_matches('/').to_owned();
        let (user_agent, added) = (user_agent(&options.program), added(config));
        let mut own = config.clone();
        own.default_retry = false;
        // Paths are put together here: a redirection names one from the root.
        let mut root = own.cluster_url.into_parts();
        root.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
        own.cluster_url =
            Uri::from_parts(root).map_err(|_| broken("the address of the server is none"))?;
        let client = build(own).map_err(|error| match &error {
            kube::Error::Auth(error) => {
                Failure::new(FailureKind::Unauthorized, failure::credentials(error))
            }
            // The address of a proxy may hold a password.
            kube::Error::ProxyProtocolUnsupported { proxy_url }
            | kube::Error::ProxyProtocolDisabled { proxy_url, .. } => {
                let scheme = proxy_url.scheme_str().unwrap_or_default();
                broken(&format!("proxies of the scheme {scheme:?} are not supported"))
            }
            error => Failure::unanswered(error).0,
        })?;
        Ok(Self {
            client,
            server,
            base,
            timeout: options.request_timeout,
            user_agent,
            added,
            log: Log::new(options.verbosity, Arc::clone(&notices)),
            notices,
            warned: Mutex::default(),
        })
    }

    /// One reading, tried again while that may help and there is time.
    pub(super) async fn get(&self, path: &str, accept: &str) -> Result<Answer, Failure> {
        self.call(Call::get(path, accept)).await
    }

    /// One request, tried again while that may help and there is time. One that changes something
    /// is tried again only where the server has said when, as client-go does: then it has not been
    /// looked at.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Answer, Failure> {
        let path = call.path;
        let deadline = self.timeout.map(|timeout| Instant::now() + timeout);
        let mut patience = Patience::new();
        let mut before: Option<Failure> = None;
        loop {
            let attempt = self.attempt(call);
            let outcome = match deadline {
                None => attempt.await,
                Some(deadline) => match tokio::time::timeout_at(deadline, attempt).await {
                    Ok(outcome) => outcome,
                    Err(_) => return Err(self.timed_out(path, before)),
                },
            };
            let failed = match outcome {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let time = deadline.map(|end| end.saturating_duration_since(Instant::now()));
            let may_pass = failed.may_pass && (call.is_idle || failed.asked.is_some());
            let pause = may_pass.then(|| patience.next(failed.asked, time)).flatten();
            let Some(pause) = pause else { return Err(failed.given_up(patience.tries())) };
            let url = format!("{}{}{path}", self.server, self.base);
            self.log.again(&url, pause, patience.tries() - 1, failed.asked.is_some());
            before = Some(failed.failure);
            tokio::time::sleep(pause).await;
        }
    }

    /// One try, through all redirections.
    async fn attempt(&self, call: Call<'_>) -> Result<Answer, Failed> {
        let mut path = format!("{}{}", self.base, call.path);
        for _ in 0..=redirect::MOST {
            let response = self.send(Call { path: &path, ..call }).await?;
            let (status, headers) = (response.status(), response.headers());
            self.warn(headers);
            match redirect::target(&self.server, &path, status, headers)? {
                // Any other makes a reading of what was to be a change.
                Some(_) if call.method != Method::GET && !matches!(status.as_u16(), 307 | 308) => {
                    let message = format!("the server redirects a change with {status}");
                    let failure = Failure { status: Some(status.as_u16()), ..refused(message) };
                    return Err(failure.into());
                }
                Some(elsewhere) => path = elsewhere,
                None => return self.answer(&path, call.accept, response).await,
            }
        }
        Err(refused(format!("the server redirects more than {} times", redirect::MOST)).into())
    }

    /// Sends it; the answer's headers are there, its body is yet to come.
    async fn send(&self, call: Call<'_>) -> Result<Response<Body>, Failed> {
        let path = call.path;
        let mut request = Request::builder()
            .method(call.method)
            .uri(path)
            .header(ACCEPT, call.accept)
            .header(USER_AGENT, &self.user_agent);
        let mut body = Body::empty();
        if let Some((media_type, text)) = call.content {
            request = request.header(CONTENT_TYPE, media_type);
            body = Body::from(text.as_bytes().to_vec());
            self.log.body(Direction::Request, path, text.as_bytes());
        }
        let request = request
            .body(body)
            .map_err(|error| refused(format!("{path:?} cannot be asked for: {error}")))?;
        let mut headers = request.headers().clone();
        headers.extend(self.added.clone());
        let url = format!("{}{path}", self.server);
        let shown = Shown { method: call.method.as_str(), url: &url, headers: &headers };
        self.log.request(shown);
        let started = Instant::now();
        let outcome = self.client.send(request).await;
        let answer = outcome.as_ref().ok().map(|answer| (answer.status(), answer.headers()));
        self.log.response(shown, answer, started.elapsed());
        outcome.map_err(|error| {
            let (failure, may_pass) = Failure::unanswered(&error);
            Failed { failure, may_pass, asked: None }
        })
    }

    /// The answer as a whole, or what it refuses.
    async fn answer(
        &self,
        path: &str,
        accept: &str,
        response: Response<Body>,
    ) -> Result<Answer, Failed> {
        let (parts, body) = response.into_parts();
        let body = collect(&parts.headers, body, LARGEST_BODY).await?;
        self.log.body(Direction::Response, path, &body);
        if !parts.status.is_success() {
            let failure = Failure::refused(parts.status, &parts.headers, &body);
            let may_pass = matches!(parts.status.as_u16(), 429 | 500 | 502..=504);
            return Err(Failed { failure, may_pass, asked: asked(&parts.headers) });
        }
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
        let content_type = content_type.trim().to_ascii_lowercase();
        let is_html = content_type == "text/html" || body.trim_ascii_start().starts_with(b"<");
        if accept.starts_with(JSON) && is_html {
            return Err(Failure::web_page().into());
        }
        Ok(Answer { content_type, body })
    }

    /// Shows the warnings of an answer that were not shown before.
    fn warn(&self, headers: &HeaderMap) {
        for header in headers.get_all(WARNING) {
            for text in warning::texts(header.as_bytes()) {
                let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
                if !warned.contains(&text) {
                    self.notices.warning(&text);
                    warned.insert(text);
                }
            }
        }
    }

    fn timed_out(&self, path: &str, before: Option<Failure>) -> Failure {
        let path = path.split('?').next().unwrap_or_default();
        let url = format!("{}{}{path}", self.server, self.base);
        let mut message = format!("no complete answer from {url} within the request timeout");
        let status = before.as_ref().and_then(|failure| failure.status);
        if let Some(before) = before {
            message.push_str("; a try before ended with: ");
            message.push_str(&before.message);
        }
        Failure { kind: FailureKind::Timeout, message, status }
    }
}

impl Failed {
    /// What is said of it when it is not tried again.
    fn given_up(self, tries: u32) -> Failure {
        let mut failure = self.failure;
        let added = match self.asked.filter(|pause| self.may_pass && *pause > LONGEST_PAUSE) {
            Some(pause) => format!(" (the server asks for a pause of {} s)", pause.as_secs()),
            None if tries > 1 => format!(" (tried {tries} times)"),
            None => String::new(),
        };
        failure.message.push_str(&added);
        failure
    }
}

/// A failure that is nobody's word but ours.
fn refused(message: String) -> Failure {
    Failure::new(FailureKind::Refused, message)
}

/// A body to its end, if it is no larger than `largest`.
async fn collect(headers: &HeaderMap, body: Body, largest: usize) -> Result<Bytes, Failed> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced: usize = announced.and_then(|text| text.parse().ok()).unwrap_or_default();
    let too_large = || {
        let message = format!("the server's answer is larger than {largest} bytes");
        Failure::new(FailureKind::Broken, message)
    };
    if announced > largest {
        return Err(too_large().into());
    }
    let mut whole = Vec::with_capacity(announced.min(MOST_ROOM));
    let mut body = pin!(body);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let failure = Failure::broke_off(&error);
            Failed { may_pass: failure.kind == FailureKind::Broken, failure, asked: None }
        })?;
        let data = frame.into_data().unwrap_or_default();
        if whole.len() + data.len() > largest {
            return Err(too_large().into());
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.into())
}

/// The pause that an answer asks for. A date is none, as for client-go.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?;
    seconds.parse().ok().map(Duration::from_secs)
}

/// How we call ourselves, as client-go's `DefaultKubernetesUserAgent` is built.
fn user_agent(program: &str) -> HeaderValue {
    let (version, system) = (env!("CARGO_PKG_VERSION"), std::env::consts::OS);
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let name = program.replace(' ', "-");
    HeaderValue::from_str(&format!("{name}/v{version} ({system}/{machine})"))
        .unwrap_or(HeaderValue::from_static("kubectl-posture"))
}

/// The headers that the client adds to ours: credentials, which are masked when they are shown, and
/// the user that is impersonated.
fn added(config: &kube::Config) -> HeaderMap {
    let mut added = HeaderMap::new();
    added.extend(config.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
    let user = &config.auth_info;
    let has_token = user.token.is_some()
        || user.token_file.is_some()
        || user.exec.is_some()
        || user.auth_provider.is_some();
    if user.username.is_some() {
        added.insert(AUTHORIZATION, HeaderValue::from_static("Basic -"));
    } else if has_token {
        added.insert(AUTHORIZATION, HeaderValue::from_static("Bearer -"));
    }
    let mut add = |name: &str, value: &str| {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            added.append(name, value);
        }
    };
    if let Some(user) = &user.impersonate {
        add("impersonate-user", user);
    }
    if let Some(id) = &user.impersonate_uid {
        add("impersonate-uid", id);
    }
    for group in user.impersonate_groups.iter().flatten() {
        add("impersonate-group", group);
    }
    let extra: BTreeMap<_, _> = user.impersonate_user_extra.iter().flatten().collect();
    for (key, values) in extra {
        for value in values {
            add(&format!("impersonate-extra-{key}"), value);
        }
    }
    added
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(announced: Option<&'static str>, length: usize) -> Result<usize, String> {
        let mut headers = HeaderMap::new();
        headers.extend(announced.map(|text| (CONTENT_LENGTH, HeaderValue::from_static(text))));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let outcome = runtime.block_on(collect(&headers, Body::from(vec![b'x'; length]), 10));
        outcome.map(|body| body.len()).map_err(|failed| {
            assert!(!failed.may_pass);
            failed.failure.message
        })
    }

    #[test]
    fn a_body_ends_somewhere() {
        assert_eq!(collected(None, 10), Ok(10));
        assert_eq!(collected(Some("10"), 10), Ok(10));
        let too_large = Err("the server's answer is larger than 10 bytes".to_owned());
        assert_eq!(collected(None, 11), too_large);
        assert_eq!(collected(Some("11"), 1), too_large);
        assert_eq!(collected(Some("nonsense"), 1), Ok(1));
    }

    #[test]
    fn pauses_are_seconds() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
            asked(&headers)
        };
        assert_eq!(of("7"), Some(Duration::from_secs(7)));
        assert_eq!(of("-7"), None);
        assert_eq!(of("Sat, 21 Nov 2026 13:00:00 GMT"), None);
        assert_eq!(asked(&HeaderMap::new()), None);
    }

    #[test]
    fn we_say_who_asks() {
        let name = user_agent("kubectl pss");
        assert!(name.to_str().unwrap().starts_with("kubectl-pss/v"), "{name:?}");
        assert_eq!(user_agent("\n"), "kubectl-posture");
    }
}
