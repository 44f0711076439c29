//! `check`: its command line, and from it to the command.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use kubectl_seccomp::checks::catalog;
use kubectl_seccomp::commands::check::{self, CheckOptions, Kubelets, Reading};
use kubectl_seccomp::commands::rights;
use posture::cli::connection::ConnectionFlags;
use posture::cli::exit;
use posture::cli::flags::{InputFlags, OutputFlags, StyleFlags};
use posture::cli::gates::GateFlags;
use posture::cli::origin::{Origin, OriginArgs};
use posture::model::error::{Error, Result};
use posture::model::version::Minor;
use posture::render::gate::GateOptions;

/// The name of the tool in snapshots.
pub(super) const TOOL: &str = env!("CARGO_PKG_NAME");

#[derive(ClapArgs, Debug)]
pub(super) struct CheckArgs {
    /// What to look at, in kubectl's grammar: TYPE, TYPE NAME…, TYPE/NAME…; without it the
    /// workloads of the namespace, or all that -f names.
    #[arg(value_name = "TYPE[/NAME]")]
    words: Vec<String>,

    #[command(flatten)]
    input: InputFlags,

    #[command(flatten)]
    connection: ConnectionFlags,

    /// Print the least role that this command needs, and do nothing else.
    #[arg(long, help_heading = "Output")]
    print_rbac: bool,

    /// Write what is read of the cluster to this directory; -f DIR replays it. Data of Secrets and
    /// values of environment variables are left out, arguments and annotations are not.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    snapshot: Option<PathBuf>,

    /// With -f: take nodes, namespaces and who sets profiles at admission from the cluster.
    #[arg(long, help_heading = "How to judge")]
    with_cluster: bool,

    /// Judge as a server of this minor release would.
    #[arg(long, value_name = "1.NN", help_heading = "How to judge")]
    server_version: Option<Minor>,

    #[command(flatten)]
    kubelets: KubeletFlags,

    #[command(flatten)]
    gates: GateFlags,

    #[command(flatten)]
    output: OutputFlags,
}

/// What kubelets are told, which no object of the API shows.
#[derive(ClapArgs, Debug)]
#[command(next_help_heading = "How to judge")]
pub(super) struct KubeletFlags {
    /// Take it that kubelets run with this: seccompDefault=true or seccompDefault=false. With
    /// --probe-nodes it holds for those that do not answer.
    #[arg(long, value_name = "SETTING", value_parser = assumed)]
    assume: Option<bool>,

    /// Ask the kubelets for their configuration, through nodes/proxy: a right that lets its holder
    /// run commands in every container.
    #[arg(long)]
    probe_nodes: bool,
}

impl KubeletFlags {
    /// Whether kubelets are asked.
    pub(super) fn probes(&self) -> bool {
        self.probe_nodes
    }

    /// Fails where they would have to be asked, and there is no cluster.
    pub(super) fn fits(&self, origin: &Origin) -> Result<()> {
        if self.probe_nodes && matches!(origin, Origin::Files(None) | Origin::Recorded(_)) {
            return Err(Error::usage(NO_KUBELETS));
        }
        Ok(())
    }

    /// What is said of them.
    pub(super) fn kubelets(&self) -> Kubelets {
        Kubelets { assumed: self.assume, probe: self.probe_nodes }
    }
}

/// Why kubelets cannot be asked.
pub(super) const NO_KUBELETS: &str =
    "--probe-nodes asks the kubelets of a cluster, and none is read";

/// Reads `seccompDefault=true`.
fn assumed(text: &str) -> std::result::Result<bool, String> {
    match text.split_once('=') {
        Some(("seccompDefault", "true")) => Ok(true),
        Some(("seccompDefault", "false")) => Ok(false),
        _ => Err("write seccompDefault=true or seccompDefault=false".to_owned()),
    }
}

impl CheckArgs {
    fn origin(&self) -> OriginArgs<'_> {
        OriginArgs {
            tool: TOOL,
            version: env!("CARGO_PKG_VERSION"),
            verb: "check",
            words: &self.words,
            input: &self.input,
            connection: &self.connection,
            snapshot: self.snapshot.as_deref(),
            with_cluster: self.with_cluster,
            everywhere: false,
        }
    }

    /// Fails where flags do not go together.
    fn fits(&self, origin: &Origin) -> Result<()> {
        self.kubelets.fits(origin)?;
        let refused = if self.with_cluster && !self.input.names_files()? {
            "--with-cluster goes with -f or -k: without them the cluster is read anyway"
        } else if self.kubelets.probes() && self.snapshot.is_some() {
            "--probe-nodes does not go with --snapshot: what kubelets say is no object to record"
        } else {
            return Ok(());
        };
        Err(Error::usage(refused))
    }
}

/// Runs `check`; returns the exit code.
pub(super) fn run(check: &CheckArgs, style: StyleFlags, program: &str) -> Result<u8> {
    let args = check.origin();
    let origin = Origin::open(&args, program, style.stderr())?;
    check.fits(&origin)?;
    let asked = origin.asked(&args);
    let recorder = origin.recorder(&args, &asked)?;
    let gates = check.gates.gates(&catalog(), origin.clock())?;
    let namespace = match &origin {
        // As for kubectl apply: what names no namespace goes to that of the context.
        Origin::Files(Some(connection)) => Some(connection.target().namespace.clone()),
        _ => None,
    };
    let scope = origin.scope(&args, &asked, recorder.as_ref())?;
    let reading = Reading {
        program,
        scope,
        namespace: check.input.namespace().map(str::to_owned).or(namespace),
        server: check.server_version,
        kubelets: check.kubelets.kubelets(),
        deep: false,
    };
    let options = CheckOptions {
        reading,
        gates: GateOptions { gates, baseline: check.gates.baseline() },
        output: check.output.output(style),
    };
    if check.print_rbac {
        return rights::of_check(&options).map(|()| exit::CLEAN);
    }
    check::run(&options).map(|report| exit::of_report(&report))
}
