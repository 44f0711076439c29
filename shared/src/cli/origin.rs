//! Where the objects of a command come from: files, a cluster, a snapshot.

use std::path::Path;

use super::connection::ConnectionFlags;
use super::flags::InputFlags;
use crate::client::connection::Connection;
use crate::input::cluster::Cluster;
use crate::input::scope::Scope;
use crate::input::snapshot::{Asked, Recorder, Recording, Snapshot};
use crate::model::clock::Clock;
use crate::model::error::{Error, Result};
use crate::render::style::Style;

/// What a command line says about it.
#[derive(Clone, Copy, Debug)]
pub struct OriginArgs<'a> {
    /// The name of the tool in snapshots: `kubectl-pss`.
    pub tool: &'a str,
    /// The release of the tool.
    pub version: &'a str,
    /// The verb, as snapshots name it.
    pub verb: &'a str,
    /// The words behind it.
    pub words: &'a [String],
    /// The flags that say what to read.
    pub input: &'a InputFlags,
    /// The flags that say which cluster to ask.
    pub connection: &'a ConnectionFlags,
    /// `--snapshot`
    pub snapshot: Option<&'a Path>,
    /// Whether something of a cluster is read beside manifests.
    pub with_cluster: bool,
    /// Whether the words mean all namespaces, as `ns` does: then manifests say all of them.
    pub everywhere: bool,
}

impl OriginArgs<'_> {
    fn connect(&self, program: &str, style: Style) -> Result<Connection> {
        let input = self.input;
        self.connection.connect(program, input.namespace(), input.reads_stdin(), style)
    }
}

/// Where objects come from.
#[derive(Debug)]
pub enum Origin {
    /// Manifests; beside them the cluster whose namespaces decide.
    Files(Option<Connection>),
    /// A cluster.
    Live(Connection),
    /// A cluster as it was.
    Recorded(Snapshot),
}

impl Origin {
    /// Finds out, and prepares the connection. Fails where flags do not go together.
    pub fn open(args: &OriginArgs<'_>, program: &str, style: Style) -> Result<Self> {
        if !args.input.names_files()? {
            return args.connect(program, style).map(Self::Live);
        }
        if args.snapshot.is_some() {
            return Err(Error::usage("--snapshot records a cluster")
                .hint("leave -f and -k out to read the cluster"));
        }
        match Snapshot::named(&args.input.files().names)? {
            Some(_) if args.with_cluster => {
                Err(Error::usage("--with-cluster: a snapshot has its own namespaces"))
            }
            Some(snapshot) => Ok(Self::Recorded(snapshot)),
            None if args.with_cluster && !args.everywhere => {
                args.connect(program, style).map(|connection| Self::Files(Some(connection)))
            }
            None => Ok(Self::Files(None)),
        }
    }

    /// What is asked for. Of a snapshot all that it was taken for, unless something is said anew;
    /// then the namespace is as it was, unless that is said too.
    pub fn asked(&self, args: &OriginArgs<'_>) -> Asked {
        let all = args.input.all_namespaces();
        let said = args.input.asked(args.verb, args.words);
        match self {
            Self::Files(_) => said,
            Self::Live(connection) => {
                let all = all || args.everywhere;
                let namespace = connection.target().namespace.clone();
                Asked { namespace: (!all).then_some(namespace), ..said }
            }
            Self::Recorded(snapshot) => {
                let nothing = Asked { verb: args.verb.to_owned(), ..Asked::default() };
                let before = snapshot.asked(args.tool, args.verb).unwrap_or(&nothing);
                if said == nothing && !all {
                    return before.clone();
                }
                let namespace = said.namespace.or_else(|| before.namespace.clone());
                Asked { namespace: namespace.filter(|_| !all), ..said }
            }
        }
    }

    /// Where the time comes from: of a snapshot, from when it was taken.
    pub fn clock(&self) -> Clock {
        match self {
            Self::Recorded(snapshot) => snapshot.clock(),
            Self::Files(_) | Self::Live(_) => Clock::System,
        }
    }

    /// What writes the snapshot that `--snapshot` asks for.
    pub fn recorder(&self, args: &OriginArgs<'_>, asked: &Asked) -> Result<Option<Recorder>> {
        let (Some(dir), Self::Live(connection)) = (args.snapshot, self) else { return Ok(None) };
        let recording = Recording {
            tool: args.tool,
            version: args.version,
            context: connection.target().context.as_deref(),
            asked: asked.clone(),
            clock: Clock::System,
        };
        Recorder::new(dir, recording).map(Some)
    }

    /// The cluster to read from, and whether objects are read from there. `tool` is its name in
    /// snapshots.
    pub fn cluster<'a>(
        &'a self,
        tool: &str,
        asked: &'a Asked,
        recorder: Option<&'a Recorder>,
    ) -> (Option<Cluster<'a>>, bool) {
        match self {
            Self::Files(None) => (None, false),
            Self::Files(Some(connection)) => (Some(Cluster::Live { connection, recorder }), false),
            Self::Live(connection) => (Some(Cluster::Live { connection, recorder }), true),
            Self::Recorded(snapshot) => (Some(Cluster::recorded(snapshot, tool, asked)), true),
        }
    }

    /// What to look at: what [`Self::asked`] says, of the files or of the cluster.
    pub fn scope<'a>(
        &'a self,
        args: &OriginArgs<'a>,
        asked: &'a Asked,
        recorder: Option<&'a Recorder>,
    ) -> Result<Scope<'a>> {
        let selection = asked.selection()?;
        Ok(match self.cluster(args.tool, asked, recorder) {
            (Some(cluster), true) => Scope::Live { cluster, selection },
            (cluster, _) => Scope::Files {
                files: args.input.files(),
                kustomize: args.input.kustomize(),
                selection,
                cluster,
            },
        })
    }
}
