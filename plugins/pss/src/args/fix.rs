//! `fix`: its command line, and from it to the command.

use clap::{Args as ClapArgs, ValueEnum};
use kubectl_pss::commands::fix::{self, Files, FixOptions, How, Live, Scope};
use kubectl_pss::commands::policies::PolicyOptions;
use kubectl_pss::commands::rights;
use kubectl_pss::fixes::answers::Answers;
use kubectl_pss::level::LevelVersion;
use posture::cli::changes::ChangeFlags;
use posture::cli::connection::ConnectionFlags;
use posture::cli::exit;
use posture::cli::flags::{InputFlags, StyleFlags};
use posture::finding::fix::Grade;
use posture::input::cluster::Cluster;
use posture::model::error::{Error, Result};
use posture::model::version::Minor;
use posture::patch::shell;
use posture::render::audience;

use super::check::{is_segment, namespaces_in};

/// How far to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Limit {
    /// What changes no behaviour.
    #[default]
    #[value(name = "A", alias = "a")]
    A,
    /// What is right for most workloads, too: test it.
    #[value(name = "B", alias = "b")]
    B,
    /// What needs a value or a decision, too: on a terminal you are asked.
    #[value(name = "C", alias = "c")]
    C,
}

#[derive(ClapArgs, Debug)]
pub(super) struct FixArgs {
    /// What to fix, in kubectl's grammar: TYPE, TYPE NAME…, TYPE/NAME…; without it the workloads
    /// of the namespace, or all that -f names.
    #[arg(value_name = "TYPE[/NAME]")]
    words: Vec<String>,

    #[command(flatten)]
    input: InputFlags,

    #[command(flatten)]
    connection: ConnectionFlags,

    /// How far to go.
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "GRADE",
        help_heading = "What is changed"
    )]
    grade: Limit,

    /// A decision, such as runAsUser=1000 or remove=hostPort; may be repeated. `explain` names
    /// what each check wants.
    #[arg(long, value_name = "NAME=VALUE", help_heading = "What is changed")]
    set: Vec<String>,

    /// Move old annotations to the fields that replaced them, too.
    #[arg(long, help_heading = "What is changed")]
    migrate_annotations: bool,

    #[command(flatten)]
    changes: ChangeFlags,

    /// With -f: take the namespaces' labels from the cluster.
    #[arg(long, help_heading = "How to judge")]
    with_cluster: bool,

    /// Fix for this policy whatever the namespaces say: LEVEL[:VERSION], such as baseline.
    #[arg(long, value_name = "LEVEL", help_heading = "How to judge")]
    level: Option<LevelVersion>,

    /// Judge as a server of this minor release would.
    #[arg(long, value_name = "1.NN", help_heading = "How to judge")]
    server_version: Option<Minor>,

    /// The API server's admission configuration: cluster-wide defaults and exemptions.
    #[arg(long, value_name = "FILE", help_heading = "How to judge")]
    admission_config: Option<String>,

    /// Print the least role that this command needs, and do nothing else.
    #[arg(long, help_heading = "Output")]
    print_rbac: bool,
}

/// Runs `fix`; returns the exit code.
pub(super) fn run(args: &FixArgs, style: StyleFlags, program: &str) -> Result<u8> {
    let input = &args.input;
    fits(args)?;
    let answers = answers(args)?;
    let selection = input.selection(&args.words)?;
    let connect = || args.connection.connect(program, input.namespace(), false, style.stderr());
    let connection;
    let scope = if input.names_files()? {
        let files = input.files();
        let write = args.changes.writes(input)?;
        connection = args.with_cluster.then(connect).transpose()?;
        let live = |connection| Cluster::Live { connection, recorder: None };
        let cluster = connection.as_ref().map(live);
        Scope::Files(Files { files, kustomize: input.kustomize(), cluster, write })
    } else {
        let (dry_run, yes) = args.changes.manner(selection.names_objects(), args.print_rbac)?;
        connection = Some(connect()?);
        let Some(connection) = connection.as_ref() else {
            return Err(Error::could_not_run("there is no connection"));
        };
        let managed = args.changes.managed();
        Scope::Live(Live { connection, dry_run, yes, managed })
    };
    let of_context = match &scope {
        Scope::Files(Files { cluster: Some(Cluster::Live { connection, .. }), .. }) => {
            Some(connection.target().namespace.clone())
        }
        _ => None,
    };
    let namespace = input.namespace().map(str::to_owned).or(of_context);
    let command = command(args, program);
    let options = FixOptions {
        program,
        scope,
        selection,
        policy: PolicyOptions {
            namespace: namespace.as_deref(),
            level: args.level,
            admission_config: args.admission_config.as_deref(),
        },
        server: args.server_version,
        how: How {
            limit: if args.grade == Limit::A { Grade::A } else { Grade::B },
            answers: &answers,
            asks: args.grade == Limit::C && audience::is_there(),
            migrate: args.migrate_annotations,
            command: &command,
        },
        undo_file: args.changes.undo_file(),
        output: args.changes.output(style),
    };
    if args.print_rbac {
        return rights::of_fix(&options).map(|()| exit::CLEAN);
    }
    fix::run(&options).map(|report| exit::of_plan(&report))
}

/// Fails where flags and words do not go together.
fn fits(args: &FixArgs) -> Result<()> {
    if namespaces_in(&args.words).is_some_and(|names| names.is_empty() || !args.words.is_empty()) {
        return Err(Error::usage("fix is about pods and workloads; namespaces get labels")
            .hint("check ns says which levels their pods meet"));
    }
    if let Some(name) = args.input.namespace().filter(|name| !is_segment(name)) {
        return Err(Error::usage(format!("invalid namespace {name:?}")));
    }
    if args.with_cluster && !args.input.names_files()? {
        return Err(Error::usage(
            "--with-cluster goes with -f or -k: without them the cluster is read anyway",
        ));
    }
    Ok(())
}

/// What was decided.
fn answers(args: &FixArgs) -> Result<Answers> {
    let mut answers = Answers::default();
    for text in &args.set {
        answers.set(text).map_err(|why| Error::usage(format!("--set {text}: {why}")))?;
    }
    Ok(answers)
}

/// The beginning of the command that does the same to an object in a pipe.
fn command(args: &FixArgs, program: &str) -> String {
    let mut words = vec![program.to_owned(), "fix".to_owned()];
    let grade = match args.grade {
        Limit::A => "A",
        Limit::B | Limit::C => "B",
    };
    words.push(format!("--grade {grade}"));
    words.extend(args.set.iter().map(|text| format!("--set {}", shell::word(text))));
    words.join(" ")
}
