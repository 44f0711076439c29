//! Where objects come from: files, a cluster, a snapshot.

use std::sync::Arc;

use posture::client::connect::{self, ConnectOptions};
use posture::client::connection::Connection;
use posture::input::cluster::Cluster;
use posture::input::snapshot::{Asked, Recorder, Recording, Snapshot};
use posture::model::clock::Clock;
use posture::model::error::{Error, Result};
use posture::render::notices::StderrNotices;
use posture::render::style::Style;

use super::check::{CheckArgs, namespaces_in};

/// The verb of checks, as snapshots name it.
pub(super) const CHECK: &str = "check";

/// Where objects come from.
pub(super) enum Origin {
    /// Manifests; beside them the cluster whose namespaces decide.
    Files(Option<Connection>),
    /// A cluster.
    Live(Connection),
    /// A cluster as it was.
    Recorded(Snapshot),
}

impl Origin {
    pub(super) fn open(check: &CheckArgs, program: &str, style: Style) -> Result<Self> {
        if !check.input.names_files()? {
            return connect(check, program, style).map(Self::Live);
        }
        if check.snapshot.is_some() {
            return Err(Error::usage("--snapshot records a cluster")
                .hint("leave -f and -k out to read the cluster"));
        }
        match Snapshot::named(&check.input.files().names)? {
            Some(_) if check.with_cluster => {
                Err(Error::usage("--with-cluster: a snapshot has its own namespaces"))
            }
            Some(snapshot) => Ok(Self::Recorded(snapshot)),
            None if check.with_cluster && namespaces_in(&check.words).is_none() => {
                connect(check, program, style).map(|connection| Self::Files(Some(connection)))
            }
            None => Ok(Self::Files(None)),
        }
    }

    /// What is asked for. Of a snapshot all that it was taken for, unless something is said anew;
    /// then the namespace is as it was, unless that is said too.
    pub(super) fn asked(&self, check: &CheckArgs) -> Asked {
        let input = &check.input;
        let all = input.all_namespaces();
        let said = Asked {
            verb: CHECK.to_owned(),
            words: check.words.clone(),
            namespace: input.namespace().map(str::to_owned).filter(|_| !all),
            label_selector: input.selector().map(str::to_owned),
            field_selector: input.field_selector().map(str::to_owned),
        };
        match self {
            Self::Files(_) => said,
            Self::Live(connection) => {
                let all = all || namespaces_in(&said.words).is_some();
                let namespace = connection.target().namespace.clone();
                Asked { namespace: (!all).then_some(namespace), ..said }
            }
            Self::Recorded(snapshot) => {
                let nothing = Asked { verb: CHECK.to_owned(), ..Asked::default() };
                let before = snapshot.asked(TOOL, CHECK).unwrap_or(&nothing);
                if said == nothing && !all {
                    return before.clone();
                }
                let namespace = said.namespace.or_else(|| before.namespace.clone());
                Asked { namespace: namespace.filter(|_| !all), ..said }
            }
        }
    }

    /// Where the time comes from: of a snapshot, from when it was taken.
    pub(super) fn clock(&self) -> Clock {
        match self {
            Self::Recorded(snapshot) => snapshot.clock(),
            Self::Files(_) | Self::Live(_) => Clock::System,
        }
    }

    /// What writes the snapshot that `--snapshot` asks for.
    pub(super) fn recorder(&self, check: &CheckArgs, asked: &Asked) -> Result<Option<Recorder>> {
        let (Some(dir), Self::Live(connection)) = (&check.snapshot, self) else { return Ok(None) };
        let recording = Recording {
            tool: TOOL,
            version: env!("CARGO_PKG_VERSION"),
            context: connection.target().context.as_deref(),
            asked: asked.clone(),
            clock: Clock::System,
        };
        Recorder::new(dir, recording).map(Some)
    }

    /// The cluster to read from, and whether objects are read from there.
    pub(super) fn cluster<'a>(
        &'a self,
        asked: &'a Asked,
        recorder: Option<&'a Recorder>,
    ) -> (Option<Cluster<'a>>, bool) {
        match self {
            Self::Files(None) => (None, false),
            Self::Files(Some(connection)) => (Some(Cluster::Live { connection, recorder }), false),
            Self::Live(connection) => (Some(Cluster::Live { connection, recorder }), true),
            Self::Recorded(snapshot) => {
                let again = snapshot.asked(TOOL, CHECK) == Some(asked);
                let namespace = asked.namespace.as_deref().unwrap_or_default();
                (Some(Cluster::Recorded { snapshot, again, namespace }), true)
            }
        }
    }
}

/// The name of the tool in snapshots.
pub(super) const TOOL: &str = env!("CARGO_PKG_NAME");

/// Prepares the connection that the flags ask for.
fn connect(check: &CheckArgs, program: &str, style: Style) -> Result<Connection> {
    let input = &check.input;
    let options = check.connection.options(program, input.namespace(), input.reads_stdin())?;
    open(&options, style)
}

/// Prepares the connection that options ask for.
pub(super) fn open(options: &ConnectOptions, style: Style) -> Result<Connection> {
    let target = connect::resolve(options)?;
    Connection::open(target, options, Arc::new(StderrNotices::new(style)))
}
