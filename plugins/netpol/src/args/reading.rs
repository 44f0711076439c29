//! What every verb reads, and how policies are taken: the flags of all verbs.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use kubectl_netpol::commands::TOOL;
use kubectl_netpol::commands::load::Loading;
use kubectl_netpol::dialect::Dialect;
use posture::cli::connection::ConnectionFlags;
use posture::cli::flags::{InputFlags, StyleFlags};
use posture::cli::origin::{Origin, OriginArgs};
use posture::input::snapshot::{Asked, Recorder};
use posture::model::error::{Error, Result};
use posture::model::version::Minor;

#[derive(ClapArgs, Debug)]
pub(super) struct ReadingFlags {
    #[command(flatten)]
    input: InputFlags,

    #[command(flatten)]
    connection: ConnectionFlags,

    /// Print the least role that this command needs, and do nothing else.
    #[arg(long, help_heading = "Output")]
    pub(super) print_rbac: bool,

    /// Write what is read of the cluster to this directory; -f DIR replays it.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    snapshot: Option<PathBuf>,

    /// With -f: judge the cluster as it would be with these manifests applied.
    #[arg(long, help_heading = "How to judge")]
    with_cluster: bool,

    /// Take it that the API server is of this minor release.
    #[arg(long, value_name = "1.NN", help_heading = "How to judge")]
    server_version: Option<Minor>,

    /// Take what the specification leaves open as this enforcer does, or as its own tests do (spec).
    /// Without it the enforcer is looked for, and what depends on it is said to.
    #[arg(long, value_name = "NAME|spec", value_parser = dialect, help_heading = "How to judge")]
    cni: Option<Dialect>,

    /// Leave policies of other kinds than Kubernetes' own out of account.
    #[arg(long, help_heading = "How to judge")]
    pub(super) accept_vendor_gap: bool,
}

/// What is read, with everything that it borrows from.
pub(super) struct Opened {
    origin: Origin,
    asked: Asked,
    recorder: Option<Recorder>,
}

/// Reads `cilium`.
fn dialect(text: &str) -> std::result::Result<Dialect, String> {
    Dialect::of_name(text).map_err(|error| error.to_string())
}

impl ReadingFlags {
    fn args<'a>(&'a self, verb: &'a str) -> OriginArgs<'a> {
        OriginArgs {
            tool: TOOL,
            version: env!("CARGO_PKG_VERSION"),
            verb,
            words: &[],
            input: &self.input,
            connection: &self.connection,
            snapshot: self.snapshot.as_deref(),
            with_cluster: self.with_cluster,
            everywhere: false,
        }
    }

    /// Prepares the connection, or finds the files.
    pub(super) fn open(&self, verb: &str, program: &str, style: StyleFlags) -> Result<Opened> {
        if self.with_cluster && !self.input.names_files()? {
            return Err(Error::usage(
                "--with-cluster goes with -f or -k: without them the cluster is read anyway",
            ));
        }
        if self.input.selector().is_some() || self.input.field_selector().is_some() {
            let message = "-l and --field-selector choose nothing here: all of the cluster counts";
            return Err(Error::usage(message).hint("name pods by their labels: app=web"));
        }
        let args = self.args(verb);
        let origin = Origin::open(&args, program, style.stderr())?;
        let asked = origin.asked(&args);
        let recorder = origin.recorder(&args, &asked)?;
        Ok(Opened { origin, asked, recorder })
    }

    /// What to read.
    pub(super) fn loading<'a>(
        &'a self,
        opened: &'a Opened,
        verb: &'a str,
        command: &'a str,
    ) -> Result<Loading<'a>> {
        let scope =
            opened.origin.scope(&self.args(verb), &opened.asked, opened.recorder.as_ref())?;
        Ok(Loading {
            command,
            scope,
            namespace: self.input.namespace().map(str::to_owned),
            server: self.server_version,
        })
    }

    /// How policies are read, where that was said.
    pub(super) fn dialect(&self) -> Option<Dialect> {
        self.cni.clone()
    }
}
