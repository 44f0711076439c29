//! `check`: its command line, and from it to the command.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use kubectl_pss::checks::catalog;
use kubectl_pss::commands::check::{self, CheckOptions};
use kubectl_pss::commands::check_ns::{self, NamespaceOptions, NamespaceScope};
use kubectl_pss::commands::policies::PolicyOptions;
use kubectl_pss::commands::rights;
use kubectl_pss::level::LevelVersion;
use kubectl_pss::requirements;
use posture::cli::connection::ConnectionFlags;
use posture::cli::exit;
use posture::cli::flags::{InputFlags, OutputFlags, StyleFlags};
use posture::cli::gates::GateFlags;
use posture::cli::origin::{Origin, OriginArgs};
use posture::finding::gates::Gates;
use posture::input::cluster::Cluster;
use posture::input::scope::Scope;
use posture::input::snapshot::Asked;
use posture::model::error::{Error, Result};
use posture::model::version::Minor;
use posture::render::gate::GateOptions;

use super::assume::AssumeFlags;
use super::require::RequireFlags;

/// The name of the tool in snapshots.
pub(super) const TOOL: &str = env!("CARGO_PKG_NAME");

/// The verb of checks, as snapshots name it.
pub(super) const CHECK: &str = "check";

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

    /// With ns: show the system's namespaces one by one.
    #[arg(long, help_heading = "Output")]
    all: bool,

    /// With -f: take the namespaces' labels from the cluster.
    #[arg(long, help_heading = "How to judge")]
    with_cluster: bool,

    /// Judge by this policy whatever the namespaces say: LEVEL[:VERSION], such as restricted:v1.37.
    #[arg(long, value_name = "LEVEL", help_heading = "How to judge")]
    level: Option<LevelVersion>,

    #[command(flatten)]
    require: RequireFlags,

    /// Judge as a server of this minor release would.
    #[arg(long, value_name = "1.NN", help_heading = "How to judge")]
    server_version: Option<Minor>,

    /// The API server's admission configuration: cluster-wide defaults and exemptions.
    #[arg(long, value_name = "FILE", help_heading = "How to judge")]
    admission_config: Option<String>,

    #[command(flatten)]
    assume: AssumeFlags,

    #[command(flatten)]
    gates: GateFlags,

    #[command(flatten)]
    output: OutputFlags,
}

impl CheckArgs {
    /// What is said about where objects come from.
    fn origin(&self) -> OriginArgs<'_> {
        OriginArgs {
            tool: TOOL,
            version: env!("CARGO_PKG_VERSION"),
            verb: CHECK,
            words: &self.words,
            input: &self.input,
            connection: &self.connection,
            snapshot: self.snapshot.as_deref(),
            with_cluster: self.with_cluster,
            everywhere: namespaces_in(&self.words).is_some(),
        }
    }
}

/// The namespaces that the words name, none for all: `ns`, `ns team-a`, `ns/team-a`. `None` where
/// they are about something else.
pub(super) fn namespaces_in(words: &[String]) -> Option<Vec<String>> {
    let is_type = |word: &str| {
        ["ns", "namespace", "namespaces"].iter().any(|name| word.eq_ignore_ascii_case(name))
    };
    let (first, rest) = words.split_first()?;
    if is_type(first) && rest.iter().all(|word| !word.contains('/')) {
        return Some(rest.to_vec());
    }
    let name = |word: &String| {
        word.split_once('/').filter(|(of, _)| is_type(of)).map(|(_, name)| name.to_owned())
    };
    words.iter().map(name).collect()
}

/// Fails where flags and words do not go together, or a name can be none.
fn fits(check: &CheckArgs) -> Result<()> {
    let names = namespaces_in(&check.words);
    if let Some(name) = names.iter().flatten().find(|name| !is_segment(name)) {
        return Err(Error::usage(format!("invalid resource name {name:?}")));
    }
    if let Some(name) = check.input.namespace().filter(|name| !is_segment(name)) {
        return Err(Error::usage(format!("invalid namespace {name:?}")));
    }
    let selects = check.input.selector().is_some() || check.input.field_selector().is_some();
    let refused = if names.is_some() && check.level.is_some() {
        "--level does not go with ns: namespaces are judged by their own labels"
    } else if names.is_some() && !check.assume.is_empty() {
        "--assume-injection and --assume-patch do not go with ns: they are for pods and workloads"
    } else if names.as_ref().is_some_and(|names| !names.is_empty()) && selects {
        "name cannot be provided when a selector is specified"
    } else if check.with_cluster && !check.input.names_files()? {
        "--with-cluster goes with -f or -k: without them the cluster is read anyway"
    } else if names.is_some() && !check.require.is_empty() {
        "--require does not go with ns: it is about workloads"
    } else if check.all && names.is_none() {
        "--all goes with ns; for all namespaces say -A"
    } else {
        return Ok(());
    };
    Err(Error::usage(refused))
}

/// Whether a name may stand in the path of a request.
pub(super) fn is_segment(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '%'])
}

/// Runs `check`; returns the exit code.
pub(super) fn run(check: &CheckArgs, style: StyleFlags, program: &str) -> Result<u8> {
    fits(check)?;
    let required = check.require.required()?;
    let args = check.origin();
    let origin = Origin::open(&args, program, style.stderr())?;
    let asked = origin.asked(&args);
    let recorder = origin.recorder(&args, &asked)?;
    let all = requirements::ALL.iter().map(|known| known.check.id);
    let asleep = all.filter(|id| !required.has(id)).collect();
    let gates = Gates { asleep, ..check.gates.gates(&catalog(), origin.clock())? };
    let extra: Vec<&str> = required.iter().map(|known| known.check.id).collect();
    if let Some(why) = gates.contradiction(&extra, &catalog()) {
        return Err(Error::usage(why).hint("--require asks for it; without --select all counts"));
    }
    let gates = GateOptions { gates, baseline: check.gates.baseline() };
    let cluster = origin.cluster(TOOL, &asked, recorder.as_ref());
    match namespaces_in(&asked.words) {
        Some(names) => check_namespaces((style, gates), check, program, cluster, (&asked, names)),
        None => check_objects((style, gates), check, program, cluster, &asked),
    }
}

fn check_objects(
    (style, gates): (StyleFlags, GateOptions<'_>),
    check: &CheckArgs,
    program: &str,
    origin: (Option<Cluster<'_>>, bool),
    asked: &Asked,
) -> Result<u8> {
    // As for kubectl apply: what names no namespace goes to that of the context.
    let of_context = match &origin {
        (Some(Cluster::Live { connection, .. }), false) => {
            Some(connection.target().namespace.clone())
        }
        _ => None,
    };
    let namespace = check.input.namespace().map(str::to_owned).or(of_context);
    let scope = match origin {
        (Some(cluster), true) => Scope::Live { cluster, selection: asked.selection()? },
        (cluster, _) => Scope::Files {
            files: check.input.files(),
            kustomize: check.input.kustomize(),
            selection: asked.selection()?,
            cluster,
        },
    };
    let required = check.require.required()?;
    let options = CheckOptions {
        program,
        scope,
        policy: PolicyOptions { namespace: namespace.as_deref(), ..policy(check) },
        server: check.server_version,
        assumptions: check.assume.assumptions()?,
        required: &required,
        gates,
        output: check.output.output(style),
    };
    if check.print_rbac {
        return rights::of_check(&options).map(|()| exit::CLEAN);
    }
    check::run(&options).map(|report| exit::of_report(&report))
}

fn check_namespaces(
    (style, gates): (StyleFlags, GateOptions<'_>),
    check: &CheckArgs,
    program: &str,
    origin: (Option<Cluster<'_>>, bool),
    (asked, names): (&Asked, Vec<String>),
) -> Result<u8> {
    let scope = match origin {
        (Some(cluster), true) => NamespaceScope::Live {
            cluster,
            selector: asked.label_selector.as_deref(),
            field_selector: asked.field_selector.as_deref(),
        },
        _ => NamespaceScope::Files {
            files: check.input.files(),
            kustomize: check.input.kustomize(),
            selection: asked.selection()?,
        },
    };
    let options = NamespaceOptions {
        program,
        scope,
        names,
        all: check.all,
        policy: policy(check),
        server: check.server_version,
        gates,
        output: check.output.output(style),
    };
    if check.print_rbac {
        return rights::of_namespaces(&options).map(|()| exit::CLEAN);
    }
    check_ns::run(&options).map(|report| exit::of_report(&report))
}

fn policy(check: &CheckArgs) -> PolicyOptions<'_> {
    PolicyOptions {
        namespace: check.input.namespace(),
        level: check.level,
        admission_config: check.admission_config.as_deref(),
    }
}
