//! The command line of `kubectl pss`, and from it to the commands.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args as ClapArgs, Parser, Subcommand};
use kubectl_pss::commands::check::{self, CheckOptions, Scope};
use kubectl_pss::commands::check_ns::{self, NamespaceOptions, NamespaceScope};
use kubectl_pss::commands::explain::{self, ExplainOptions};
use kubectl_pss::commands::overview;
use kubectl_pss::commands::policies::PolicyOptions;
use kubectl_pss::commands::rights;
use kubectl_pss::level::LevelVersion;
use posture::cli::connection::ConnectionFlags;
use posture::cli::exit;
use posture::cli::flags::{Format, InputFlags, StyleFlags};
use posture::client::connect;
use posture::client::connection::Connection;
use posture::input::cluster::Cluster;
use posture::input::selection::{Selection, SelectionArgs};
use posture::input::snapshot::{Asked, Recorder, Recording, Snapshot};
use posture::model::clock::Clock;
use posture::model::error::{Error, Result};
use posture::model::version::Minor;
use posture::render::notices::StderrNotices;
use posture::render::report::ReportFormat;
use posture::render::style::Style;

/// What Pod Security Admission says of pods and workloads, word for word, before it says it.
#[derive(Parser, Debug)]
#[command(name = "kubectl-pss", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,

    #[command(flatten)]
    style: StyleFlags,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Say what Pod Security Admission would do: with what is in a cluster, or with manifests.
    Check(Box<CheckArgs>),
    /// Print the document of a check, or what a level asks for.
    Explain(ExplainArgs),
}

#[derive(ClapArgs, Debug)]
struct CheckArgs {
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

    /// Judge as a server of this minor release would.
    #[arg(long, value_name = "1.NN", help_heading = "How to judge")]
    server_version: Option<Minor>,

    /// The API server's admission configuration: cluster-wide defaults and exemptions.
    #[arg(long, value_name = "FILE", help_heading = "How to judge")]
    admission_config: Option<String>,

    /// How to write the report.
    #[arg(
        short = 'o',
        long,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    output: Format,
}

#[derive(ClapArgs, Debug)]
struct ExplainArgs {
    /// A check (privileged, runAsNonRoot …), a level (restricted, baseline:v1.34), or nothing for
    /// the list of checks.
    #[arg(value_name = "CHECK|LEVEL")]
    topic: Option<String>,
}

/// Runs what the command line asks for; returns the exit code.
pub(crate) fn dispatch(args: &Args, program: &str) -> Result<u8> {
    let style = args.style.stdout();
    match &args.verb {
        None => {
            overview::run(program, style)?;
            Ok(exit::CLEAN)
        }
        Some(Verb::Check(check)) => {
            fits(check)?;
            let origin = Origin::open(check, program, args.style.stderr())?;
            let asked = origin.asked(check);
            let recorder = origin.recorder(check, &asked)?;
            let cluster = origin.cluster(&asked, recorder.as_ref());
            match namespaces_in(&asked.words) {
                Some(names) => check_namespaces(args, check, program, cluster, (&asked, names)),
                None => check_objects(args, check, program, cluster, &asked),
            }
        }
        Some(Verb::Explain(explain)) => {
            let options = ExplainOptions { program, topic: explain.topic.as_deref(), style };
            explain::run(&options)?;
            Ok(exit::CLEAN)
        }
    }
}

/// The namespaces that the words name, none for all: `ns`, `ns team-a`, `ns/team-a`. `None` where
/// they are about something else.
fn namespaces_in(words: &[String]) -> Option<Vec<String>> {
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
    } else if names.as_ref().is_some_and(|names| !names.is_empty()) && selects {
        "name cannot be provided when a selector is specified"
    } else if check.with_cluster && !check.input.names_files()? {
        "--with-cluster goes with -f or -k: without them the cluster is read anyway"
    } else if check.all && names.is_none() {
        "--all goes with ns; for all namespaces say -A"
    } else {
        return Ok(());
    };
    Err(Error::usage(refused))
}

/// Whether a name may stand in the path of a request.
fn is_segment(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '%'])
}

/// The verb of checks, as snapshots name it.
const CHECK: &str = "check";

/// Where objects come from.
enum Origin {
    /// Manifests; beside them the cluster whose namespaces decide.
    Files(Option<Connection>),
    /// A cluster.
    Live(Connection),
    /// A cluster as it was.
    Recorded(Snapshot),
}

impl Origin {
    fn open(check: &CheckArgs, program: &str, style: Style) -> Result<Self> {
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
    fn asked(&self, check: &CheckArgs) -> Asked {
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

    /// What writes the snapshot that `--snapshot` asks for.
    fn recorder(&self, check: &CheckArgs, asked: &Asked) -> Result<Option<Recorder>> {
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
    fn cluster<'a>(
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
const TOOL: &str = env!("CARGO_PKG_NAME");

fn check_objects(
    args: &Args,
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
        (Some(cluster), true) => Scope::Live { cluster, selection: selection(asked)? },
        (cluster, _) => Scope::Files {
            files: check.input.files(),
            kustomize: check.input.kustomize(),
            selection: selection(asked)?,
            cluster,
        },
    };
    let options = CheckOptions {
        program,
        scope,
        policy: PolicyOptions { namespace: namespace.as_deref(), ..policy(check) },
        server: check.server_version,
        format: format_of(check.output),
        style: args.style.stdout(),
        stderr_style: args.style.stderr(),
    };
    if check.print_rbac {
        return rights::of_check(&options).map(|()| exit::CLEAN);
    }
    check::run(&options).map(|report| exit::of_report(&report))
}

fn check_namespaces(
    args: &Args,
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
            selection: selection(asked)?,
        },
    };
    let options = NamespaceOptions {
        program,
        scope,
        names,
        all: check.all,
        policy: policy(check),
        server: check.server_version,
        format: format_of(check.output),
        style: args.style.stdout(),
        stderr_style: args.style.stderr(),
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

/// Prepares the connection that the flags ask for.
fn connect(check: &CheckArgs, program: &str, style: Style) -> Result<Connection> {
    let options =
        check.connection.options(program, check.input.namespace(), check.input.reads_stdin())?;
    let target = connect::resolve(&options)?;
    Connection::open(target, &options, Arc::new(StderrNotices::new(style)))
}

/// The objects that the words, `-A`, `-l` and `--field-selector` mean.
fn selection(asked: &Asked) -> Result<Selection> {
    Selection::parse(&SelectionArgs {
        words: asked.words.clone(),
        all_namespaces: asked.namespace.is_none(),
        label_selector: asked.label_selector.clone(),
        field_selector: asked.field_selector.clone(),
    })
}

fn format_of(format: Format) -> ReportFormat {
    match format {
        Format::Human => ReportFormat::Human,
        Format::Wide => ReportFormat::Wide,
        Format::Json => ReportFormat::Json,
        Format::Yaml => ReportFormat::Yaml,
        Format::Name => ReportFormat::Name,
    }
}
