//! `diff`: its command line, and from it to the command.

use clap::Args as ClapArgs;
use kubectl_pss::checks::catalog;
use kubectl_pss::commands::check::Way;
use kubectl_pss::commands::diff::{self, DiffOptions, Question};
use kubectl_pss::commands::policies::PolicyOptions;
use kubectl_pss::commands::rights;
use kubectl_pss::level::{Level, LevelVersion};
use posture::cli::connection::ConnectionFlags;
use posture::cli::exit;
use posture::cli::flags::{DifferenceOutputFlags, InputFlags, StyleFlags};
use posture::cli::gates::ChoiceFlags;
use posture::input::state::State;
use posture::model::error::{Error, Result};
use posture::model::version::Minor;

use super::assume::AssumeFlags;
use super::check::{is_segment, namespaces_in};
use super::require::RequireFlags;
use super::sides::{Read, Sides};

/// What states may be, for the hint of an error.
const ALSO: &str = "a server's version (1.33), a level (baseline, restricted:v1.34)";

#[derive(ClapArgs, Debug)]
pub(super) struct DiffArgs {
    /// What to look at, in kubectl's grammar: TYPE, TYPE NAME…, TYPE/NAME…. Without it all that
    /// files hold; of a cluster what the files hold that it is compared with.
    #[arg(value_name = "TYPE[/NAME]")]
    pub(super) words: Vec<String>,

    /// The first state: a server's version (1.33), a level (baseline, restricted:v1.34), live,
    /// git:REV, git:REV:PATH, a file, a directory, a snapshot. Without it: live.
    #[arg(long, value_name = "STATE", help_heading = "What to compare")]
    from: Option<String>,

    /// The second state, in the same words. Without it: what -f names.
    #[arg(long, value_name = "STATE", help_heading = "What to compare")]
    to: Option<String>,

    #[command(flatten)]
    pub(super) input: InputFlags,

    #[command(flatten)]
    pub(super) connection: ConnectionFlags,

    /// Print the least role that this command needs, and do nothing else.
    #[arg(long, help_heading = "Output")]
    print_rbac: bool,

    /// Where files are compared with files: take the namespaces' labels from the cluster.
    #[arg(long, help_heading = "How to judge")]
    pub(super) with_cluster: bool,

    /// Judge both by this policy whatever the namespaces say: LEVEL[:VERSION].
    #[arg(long, value_name = "LEVEL", help_heading = "How to judge")]
    level: Option<LevelVersion>,

    /// Judge both as a server of this minor release would.
    #[arg(long, value_name = "1.NN", help_heading = "How to judge")]
    server_version: Option<Minor>,

    /// The API server's admission configuration: cluster-wide defaults and exemptions.
    #[arg(long, value_name = "FILE", help_heading = "How to judge")]
    admission_config: Option<String>,

    #[command(flatten)]
    require: RequireFlags,

    #[command(flatten)]
    assume: AssumeFlags,

    #[command(flatten)]
    choice: ChoiceFlags,

    #[command(flatten)]
    output: DifferenceOutputFlags,
}

/// What `--from` or `--to` says.
enum Said {
    /// How to judge: as a server of this release.
    Server(Minor),
    /// How to judge: by this level.
    Level(LevelVersion),
    /// What to judge.
    Input(State),
}

impl Said {
    fn parse(text: &str) -> Result<Self> {
        let number = text.strip_prefix('v').unwrap_or(text);
        let is_number = |character: char| character.is_ascii_digit() || character == '.';
        if number.starts_with("1.") && number.chars().all(is_number) {
            return text.parse().map(Self::Server).map_err(Error::usage);
        }
        let word = text.split(':').next().unwrap_or_default();
        if Level::ALL.iter().any(|level| level.as_str() == word) {
            return text.parse().map(Self::Level).map_err(Error::usage);
        }
        State::parse(text, ALSO).map(Self::Input)
    }
}

/// Runs `diff`; returns the exit code.
pub(super) fn run(args: &DiffArgs, style: StyleFlags, program: &str) -> Result<u8> {
    fits(args)?;
    let said = |text: &Option<String>| text.as_deref().map(Said::parse).transpose();
    let (from, to) = match (said(&args.from)?, said(&args.to)?) {
        (Some(Said::Input(from)), Some(Said::Input(to))) => (Some(from), Some(to)),
        (Some(Said::Input(from)), None) => (Some(from), None),
        (None, Some(Said::Input(to))) => (None, Some(to)),
        (None, None) => (None, None),
        (from, to) => return run_ways(args, &(from, to), style, program),
    };
    let read = Read::of(args, from, to)?;
    let sides = Sides::open(args, read.sources, style.stderr(), program)?;
    let asked = sides.asked(args);
    let [first, second] = sides.scopes(args, &asked)?;
    let namespace = sides.namespace(args, &asked);
    let (assumptions, required) = (args.assume.assumptions()?, args.require.required()?);
    let way = Way {
        policy: policy(args, namespace.as_deref()),
        server: args.server_version,
        unpinned: false,
        assumptions: &assumptions,
        required: &required,
    };
    let [from, to] = read.names;
    let question = Question::Inputs { from: first, to: second, way, named: is_named(args) };
    let options = DiffOptions {
        program,
        from: Some(from),
        to: Some(to),
        question,
        gates: args.choice.gates(&catalog(), sides.clock())?,
        output: args.output.output(style),
    };
    finish(args, &options)
}

/// The same objects, judged in two ways.
fn run_ways(
    args: &DiffArgs,
    said: &(Option<Said>, Option<Said>),
    style: StyleFlags,
    program: &str,
) -> Result<u8> {
    let upgrade = match said {
        (Some(Said::Server(_)), Some(Said::Server(_)) | None) | (None, Some(Said::Server(_))) => {
            true
        }
        (Some(Said::Level(_)), Some(Said::Level(_)) | None) | (None, Some(Said::Level(_))) => false,
        (Some(Said::Input(_)), _) | (_, Some(Said::Input(_))) => {
            return Err(Error::usage(
                "one of --from and --to says what to judge, the other how: both must say the same",
            )
            .hint("name two inputs, and how to judge both with --server-version or --level")
            .hint("or two versions or two levels, and what to judge with -f, or of the cluster"));
        }
        _ => {
            return Err(Error::usage("a version and a level cannot be compared")
                .hint("for a level at two versions: --level restricted --from 1.33 --to 1.37"));
        }
    };
    if upgrade && args.server_version.is_some() {
        return Err(Error::usage("--server-version: --from and --to say the servers"));
    }
    if !upgrade && args.level.is_some() {
        return Err(Error::usage("--level: --from and --to say the levels"));
    }
    let source = Read::alone(args)?;
    let sides = Sides::open(args, source, style.stderr(), program)?;
    let asked = sides.asked(args);
    let [scope, _] = sides.scopes(args, &asked)?;
    let namespace = sides.namespace(args, &asked);
    let (assumptions, required) = (args.assume.assumptions()?, args.require.required()?);
    let way = |said: &Option<Said>| {
        let policy = policy(args, namespace.as_deref());
        let (policy, server) = match said {
            Some(Said::Server(server)) => (policy, Some(*server)),
            Some(Said::Level(level)) => {
                (PolicyOptions { level: Some(*level), ..policy }, args.server_version)
            }
            _ => (policy, args.server_version),
        };
        Way { policy, server, unpinned: false, assumptions: &assumptions, required: &required }
    };
    let name = |said: &Option<Said>| match said {
        Some(Said::Server(server)) => Some(server.to_string()),
        Some(Said::Level(level)) => Some(level.to_string()),
        // The cluster's own release, or the newest, is in the report.
        _ if upgrade => None,
        _ => Some("the namespaces' labels".to_owned()),
    };
    let (from, to) = (way(&said.0), way(&said.1));
    let options = DiffOptions {
        program,
        from: name(&said.0),
        to: name(&said.1),
        question: Question::Ways { scope, from, to, upgrade },
        gates: args.choice.gates(&catalog(), sides.clock())?,
        output: args.output.output(style),
    };
    finish(args, &options)
}

fn finish(args: &DiffArgs, options: &DiffOptions<'_>) -> Result<u8> {
    if args.print_rbac {
        return rights::of_diff(options).map(|()| exit::CLEAN);
    }
    diff::run(options).map(|difference| exit::of_difference(&difference))
}

fn policy<'a>(args: &'a DiffArgs, namespace: Option<&'a str>) -> PolicyOptions<'a> {
    PolicyOptions {
        namespace,
        level: args.level,
        admission_config: args.admission_config.as_deref(),
    }
}

/// Whether the command line says which objects are meant.
fn is_named(args: &DiffArgs) -> bool {
    let input = &args.input;
    let selects = input.selector().is_some() || input.field_selector().is_some();
    !args.words.is_empty() || input.all_namespaces() || selects
}

/// Fails where flags and words do not go together, or a name can be none.
fn fits(args: &DiffArgs) -> Result<()> {
    if let Some(name) = args.input.namespace().filter(|name| !is_segment(name)) {
        return Err(Error::usage(format!("invalid namespace {name:?}")));
    }
    if !args.words.is_empty() && namespaces_in(&args.words).is_some() {
        return Err(Error::usage("diff compares workloads, not namespaces")
            .hint("-n NAME looks at those of one namespace, -A at all"));
    }
    Ok(())
}
