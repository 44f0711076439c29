//! A cluster to read from: one that runs, watched by a recorder or not, or one that was recorded.
//! Commands do not know which.

use super::live::{self, Arrival};
use super::selection::Selection;
use super::selection::resolve::Resolved;
use super::snapshot::{Asked, Recorder, Snapshot};
use crate::client::connection::Connection;
use crate::client::diagnose;
use crate::client::discovery::Discovery;
use crate::client::failure::Failure;
use crate::client::list::List;
use crate::client::resource::Resource;
use crate::model::error::{Error, Result};
use crate::model::gap::Gap;
use crate::model::version::{Minor, NEWEST};

/// Where objects of a cluster come from.
#[derive(Clone, Copy, Debug)]
pub enum Cluster<'a> {
    /// From its API server.
    Live {
        /// The way there.
        connection: &'a Connection,
        /// Writes down what comes.
        recorder: Option<&'a Recorder>,
    },
    /// From a snapshot.
    Recorded {
        /// The snapshot.
        snapshot: &'a Snapshot,
        /// Whether exactly what was asked for when it was taken is asked for again.
        again: bool,
        /// The namespace that is meant where none is named; empty where all are.
        namespace: &'a str,
    },
}

impl<'a> Cluster<'a> {
    /// A snapshot that a tool is asked about. `tool` is its name in snapshots.
    pub fn recorded(snapshot: &'a Snapshot, tool: &str, asked: &'a Asked) -> Self {
        Self::Recorded {
            snapshot,
            again: snapshot.asked(tool, &asked.verb) == Some(asked),
            namespace: asked.namespace.as_deref().unwrap_or_default(),
        }
    }

    /// The context of the kubeconfig.
    pub fn context(&self) -> Option<&'a str> {
        match self {
            Self::Live { connection, .. } => connection.target().context.as_deref(),
            Self::Recorded { snapshot, .. } => snapshot.context(),
        }
    }

    /// The files that reports name: the snapshot's directory.
    pub fn files(&self) -> Vec<String> {
        match self {
            Self::Live { .. } => Vec::new(),
            Self::Recorded { snapshot, .. } => vec![snapshot.dir().to_string_lossy().into_owned()],
        }
    }

    /// The minor release that the server behaves as.
    pub fn server_version(&self) -> std::result::Result<Minor, Failure> {
        match self {
            Self::Live { connection, recorder } => {
                let version = live::server_version(connection);
                if let Some(recorder) = recorder {
                    recorder.server(version.as_ref().map(|minor| *minor));
                }
                version
            }
            Self::Recorded { snapshot, .. } => snapshot.server_version(),
        }
    }

    /// Takes notice of the release that is judged by in place of the server's own.
    pub fn judged_as(&self, minor: Minor) {
        if let Self::Live { recorder: Some(recorder), .. } = self {
            recorder.server(Ok(minor));
        }
    }

    /// The release to judge as: the one that is asked for, or the one that the server behaves as.
    /// Where the server does not say it, that is a gap, and the newest stands in. Fails where the
    /// cluster does not answer at all.
    pub fn release(&self, asked: Option<Minor>, gaps: &mut Vec<Gap>) -> Result<Minor> {
        if let Some(asked) = asked {
            self.judged_as(asked);
            return Ok(asked);
        }
        match self.server_version() {
            Ok(minor) => Ok(minor),
            Err(failure) if failure.is_fatal() => Err(self.could_not_run(&failure)),
            Err(failure) => {
                gaps.push(Gap {
                    what: "version".to_owned(),
                    place: None,
                    object: Some("/version".to_owned()),
                    why: format!("{failure}; judged as {NEWEST}"),
                    hint: "say --server-version 1.NN".to_owned(),
                });
                Ok(NEWEST)
            }
        }
    }

    /// The error of a cluster that does not answer: one line of cause, one of what to do. A
    /// snapshot has no server to look for.
    pub fn could_not_run(&self, failure: &Failure) -> Error {
        match self {
            Self::Live { connection, .. } => {
                diagnose::could_not_reach(failure, connection.target())
            }
            Self::Recorded { .. } => Error::could_not_run(failure.message.clone()),
        }
    }

    /// What arguments mean: everything of the default resources where they name nothing. Fails in
    /// kubectl's words.
    pub fn lists(&self, selection: &Selection, default: Vec<Resource>) -> Result<Resolved> {
        let everything = |namespace: &str| Resolved {
            lists: selection.everything_of(default, namespace),
            ..Resolved::default()
        };
        match self {
            Self::Live { connection, recorder } => {
                let (resolved, discovery) = if selection.names_nothing() {
                    (everything(&connection.target().namespace), None)
                } else {
                    let (resolved, discovery) = selection.resolve(connection)?;
                    (resolved, Some(discovery))
                };
                if let Some(recorder) = recorder {
                    recorder.resolved(&resolved, discovery.as_ref());
                }
                Ok(resolved)
            }
            Self::Recorded { snapshot, again: true, .. } => Ok(snapshot.resolved()),
            Self::Recorded { namespace, .. } if selection.names_nothing() => {
                Ok(everything(namespace))
            }
            Self::Recorded { snapshot, namespace, .. } => {
                selection.resolve_on(namespace, &snapshot.discovery()?)
            }
        }
    }

    /// What the server serves, as far as that is known. Fails where it cannot be asked, or a
    /// snapshot does not say it.
    pub fn discovery(&self) -> Result<Discovery> {
        match self {
            Self::Live { connection, .. } => Discovery::load(connection),
            Self::Recorded { snapshot, .. } => snapshot.discovery(),
        }
    }

    /// Reads lists; arrivals carry the position of their list. Every list ends with
    /// [`Arrival::End`] or [`Arrival::Failed`].
    pub fn read(&self, lists: Vec<List>) -> Box<dyn Iterator<Item = (usize, Arrival)> + 'a> {
        match *self {
            Self::Live { connection, recorder: None } => Box::new(live::read(connection, lists)),
            Self::Live { connection, recorder: Some(recorder) } => {
                let first = recorder.lists(&lists);
                let arrivals = live::read(connection, lists);
                Box::new(arrivals.inspect(move |(position, arrival)| {
                    recorder.arrival(first + position, arrival);
                }))
            }
            Self::Recorded { snapshot, .. } => Box::new(snapshot.read(lists)),
        }
    }

    /// Completes what a recorder has written down. Fails if it could not be written.
    pub fn finish(&self, gaps: &[Gap]) -> Result<()> {
        match self {
            Self::Live { connection, recorder: Some(recorder) } => {
                // Whoever looks at the snapshot may ask for another type.
                recorder.finish(gaps, || Discovery::load(connection).ok())
            }
            _ => Ok(()),
        }
    }
}
