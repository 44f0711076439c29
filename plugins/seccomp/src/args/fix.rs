//! `fix`: its command line, and from it to the command.

use clap::{Args as ClapArgs, ValueEnum};
use kubectl_seccomp::commands::fix::{self, FixOptions};
use kubectl_seccomp::commands::rights;
use kubectl_seccomp::commands::set::{Files, Live, Scope};
use posture::cli::changes::ChangeFlags;
use posture::cli::connection::ConnectionFlags;
use posture::cli::exit;
use posture::cli::flags::{InputFlags, StyleFlags};
use posture::finding::fix::Grade;
use posture::model::error::{Error, Result};
use posture::model::version::Minor;

use super::check::KubeletFlags;

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
    /// What somebody has chosen, too: with it you decide otherwise.
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

    #[command(flatten)]
    changes: ChangeFlags,

    #[command(flatten)]
    kubelets: KubeletFlags,

    /// Judge as a server of this minor release would.
    #[arg(long, value_name = "1.NN", help_heading = "How to judge")]
    server_version: Option<Minor>,

    /// Print the least role that this command needs, and do nothing else.
    #[arg(long, help_heading = "Output")]
    print_rbac: bool,
}

/// Runs `fix`; returns the exit code.
pub(super) fn run(args: &FixArgs, style: StyleFlags, program: &str) -> Result<u8> {
    let input = &args.input;
    let selection = input.selection(&args.words)?;
    let connection;
    let scope = if input.names_files()? {
        if args.kubelets.probes() {
            return Err(Error::usage(
                "--probe-nodes asks the kubelets of a cluster, and none is read",
            ));
        }
        let (files, write) = (input.files(), args.changes.writes(input)?);
        Scope::Files(Files { files, kustomize: input.kustomize(), write })
    } else {
        let (dry_run, yes) = args.changes.manner(selection.names_objects(), args.print_rbac)?;
        connection = args.connection.connect(program, input.namespace(), false, style.stderr())?;
        let managed = args.changes.managed();
        Scope::Live(Live { connection: &connection, dry_run, yes, managed })
    };
    let (limit, name) = match args.grade {
        Limit::A => (Grade::A, "A"),
        Limit::B => (Grade::B, "B"),
        Limit::C => (Grade::C, "C"),
    };
    let options = FixOptions {
        program,
        limit,
        selection,
        namespace: input.namespace(),
        scope,
        server: args.server_version,
        kubelets: args.kubelets.kubelets(),
        command: &format!("{program} fix --grade {name}"),
        undo_file: args.changes.undo_file(),
        output: args.changes.output(style),
    };
    if args.print_rbac {
        return rights::of_fix(&options).map(|()| exit::CLEAN);
    }
    fix::run(&options).map(|report| exit::of_plan(&report))
}
