//! A connection to an API server: single requests, and lists in pages.
//!
//! Callers are synchronous. Requests run on a thread of their own and hand their pages over a
//! bounded channel, so that a page is parsed while the next one comes, and memory holds only a
//! few of them.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use kube::client::ClientBuilder;
use serde::de::IgnoredAny;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::connect::{ConnectOptions, Target};
use super::failure::{Failure, FailureKind};
use super::list::{Event, List};
use super::notices::Notices;
use super::pages;
use super::patch::{self, Patch};
use super::request::{Call, Requests};
use crate::model::error::{Error, Result};

/// How many requests of a reading are under way at once, or have brought a page that nobody has
/// taken yet.
const CONCURRENCY: usize = 8;

/// How many pages wait beside these for whoever reads them.
const WAITING_PAGES: usize = 2;

/// What the server is asked for: JSON.
pub const JSON: &str = "application/json";

/// An open connection. It dials with its first request.
pub struct Connection {
    threads: Arc<Threads>,
    requests: Arc<Requests>,
    target: Target,
}

/// What the server has answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The media type, without its parameters.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

/// The thread that requests run on. It ends with the connection and the last of its readings.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    /// Waits for nothing: a name that is being looked up would hold the program for seconds.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Threads {
    fn runtime(&self) -> std::result::Result<&Runtime, Failure> {
        self.0.as_ref().ok_or_else(|| Failure::new(FailureKind::Broken, "the connection is closed"))
    }
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
        let requests = Requests::new(&target.config, options, notices, |config| {
            let _inside = runtime.enter();
            Ok(ClientBuilder::try_from(config)?.build())
        })
        .map_err(|failure| Error::could_not_run(failure.message))?;
        Ok(Self { threads: Arc::new(Threads(Some(runtime))), requests: Arc::new(requests), target })
    }

    /// Where it leads.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Asks for a path (`/version`), with its query. Where JSON is asked for, the answer is
    /// complete JSON.
    pub fn get(&self, path: &str, accept: &str) -> std::result::Result<Answer, Failure> {
        let answer = self.threads.runtime()?.block_on(self.requests.get(path, accept))?;
        if accept.starts_with(JSON) {
            serde_json::from_slice::<IgnoredAny>(&answer.body)
                .map_err(|error| Failure::not_json(&error))?;
        }
        Ok(answer)
    }

    /// Changes one object; the answer is the object as it is, or with a dry run would be, then.
    /// What came of a change whose answer was lost nobody knows: see [`Failure::is_refusal`].
    pub fn patch(&self, patch: &Patch) -> std::result::Result<Answer, Failure> {
        let target = patch.target();
        let call = Call {
            method: &Method::PATCH,
            path: &target,
            accept: JSON,
            content: Some((patch::MEDIA_TYPE, &patch.operations)),
            is_idle: patch.dry_run,
        };
        let answer = self.threads.runtime()?.block_on(self.requests.call(call))?;
        serde_json::from_slice::<IgnoredAny>(&answer.body)
            .map_err(|error| Failure::not_json(&error))?;
        Ok(answer)
    }

    /// Reads lists, several at a time; events carry the position of their list. Every list ends
    /// with [`Event::End`] or [`Event::Failed`]. Whoever drops the events ends the reading.
    pub fn read(&self, lists: Vec<List>) -> Events {
        let (sender, receiver) = mpsc::channel(WAITING_PAGES);
        // Of this reading alone: whoever takes its pages may ask for something else between them.
        let slots = Arc::new(Semaphore::new(CONCURRENCY));
        let mut tasks = JoinSet::new();
        let open = (0..lists.len()).collect();
        if let Ok(runtime) = self.threads.runtime() {
            for (position, list) in lists.into_iter().enumerate() {
                let requests = Arc::clone(&self.requests);
                let (slots, sender) = (Arc::clone(&slots), sender.clone());
                let task = async move {
                    pages::read(&requests, position, &list, &slots, &sender).await;
                };
                drop(tasks.spawn_on(task, runtime.handle()));
            }
        }
        Events { tasks, receiver, open, _threads: Arc::clone(&self.threads) }
    }
}

/// What happens to lists while they are read.
pub struct Events {
    /// Aborted with the events; first of all, or they would find room for a page more.
    tasks: JoinSet<()>,
    receiver: mpsc::Receiver<(usize, Event)>,
    /// The lists that have not ended.
    open: BTreeSet<usize>,
    /// They run even when the connection is gone.
    _threads: Arc<Threads>,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("open", &self.open)
            .field("tasks", &self.tasks.len())
            .finish_non_exhaustive()
    }
}

impl Iterator for Events {
    type Item = (usize, Event);

    fn next(&mut self) -> Option<Self::Item> {
        let Some((position, event)) = self.receiver.blocking_recv() else {
            // A reading that broke off without a word is no list that was read to its end.
            let failure = Failure::new(FailureKind::Broken, "the list was not read to its end");
            return self.open.pop_first().map(|position| (position, Event::Failed(failure)));
        };
        if matches!(event, Event::End | Event::Failed(_)) {
            self.open.remove(&position);
        }
        Some((position, event))
    }
}
