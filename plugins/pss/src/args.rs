//! The command line of `kubectl pss`, and from it to the commands.

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
use posture::input::selection::{Selection, SelectionArgs};
use posture::model::error::Result;
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
    /// Say what Pod Security Admission would do with manifests.
    Check(Box<CheckArgs>),
    /// Print the document of a check, or what a level asks for.
    Explain(ExplainArgs),
}

#[derive(ClapArgs, Debug)]
struct CheckArgs {
    /// What to look at, in kubectl's grammar: TYPE, TYPE NAME…, TYPE/NAME…; without it the
    /// workloads of the namespace.
    #[arg(value_name = "TYPE[/NAME]")]
    words: Vec<String>,

    #[command(flatten)]
    input: InputFlags,

    #[command(flatten)]
    connection: ConnectionFlags,

    /// Print the least role that this command needs, and do nothing else.
    #[arg(long, help_heading = "Output")]
    print_rbac: bool,

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
            if let Some(names) = namespaces_in(&check.words) {
                return check_namespaces(args, check, names, program);
            }
            let from_files = check.input.names_files()?;
            let connection = if from_files && !check.with_cluster {
                None
            } else {
                Some(connect(check, program, args.style.stderr())?)
            };
            let scope = match &connection {
                Some(connection) if !from_files => {
                    Scope::Live { connection, selection: selection(check)? }
                }
                cluster => Scope::Files {
                    files: check.input.files(),
                    kustomize: check.input.kustomize(),
                    cluster: cluster.as_ref(),
                },
            };
            let options = CheckOptions {
                program,
                scope,
                policy: policy(check),
                server: check.server_version,
                format: format_of(check.output),
                style,
                stderr_style: args.style.stderr(),
            };
            if check.print_rbac {
                return rights::of_check(&options).map(|()| exit::CLEAN);
            }
            check::run(&options).map(|report| exit::of_report(&report))
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

fn check_namespaces(
    args: &Args,
    check: &CheckArgs,
    names: Vec<String>,
    program: &str,
) -> Result<u8> {
    let connection = if check.input.names_files()? {
        None
    } else {
        Some(connect(check, program, args.style.stderr())?)
    };
    let scope = match &connection {
        Some(connection) => NamespaceScope::Live {
            connection,
            selector: check.input.selector(),
            field_selector: check.input.field_selector(),
        },
        None => {
            NamespaceScope::Files { files: check.input.files(), kustomize: check.input.kustomize() }
        }
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
fn selection(check: &CheckArgs) -> Result<Selection> {
    Selection::parse(&SelectionArgs {
        words: check.words.clone(),
        all_namespaces: check.input.all_namespaces(),
        label_selector: check.input.selector().map(str::to_owned),
        field_selector: check.input.field_selector().map(str::to_owned),
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
