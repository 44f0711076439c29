//! `set`: its command line, and from it to the command.

use clap::Args as ClapArgs;
use kubectl_seccomp::commands::rights;
use kubectl_seccomp::commands::set::{self, Files, Live, Scope, SetOptions};
use kubectl_seccomp::named::Profile;
use kubectl_seccomp::set::Wish;
use posture::cli::changes::ChangeFlags;
use posture::cli::connection::ConnectionFlags;
use posture::cli::exit;
use posture::cli::flags::{InputFlags, StyleFlags};
use posture::model::error::Result;

#[derive(ClapArgs, Debug)]
pub(super) struct SetArgs {
    /// What to set.
    #[arg(
        value_name = "PROFILE",
        help = "RuntimeDefault, Unconfined, or Localhost=PATH below the kubelet's folder of profiles"
    )]
    profile: String,

    /// What to set it on, in kubectl's grammar: TYPE, TYPE NAME…, TYPE/NAME…; without it the
    /// workloads of the namespace, or all that -f names.
    #[arg(value_name = "TYPE[/NAME]")]
    words: Vec<String>,

    #[command(flatten)]
    input: InputFlags,

    #[command(flatten)]
    connection: ConnectionFlags,

    /// Set it on these containers alone, and not on the pod.
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "What is changed")]
    container: Vec<String>,

    /// Remove profiles of containers that stand above the pod's.
    #[arg(long, conflicts_with = "container", help_heading = "What is changed")]
    override_containers: bool,

    /// Turn the seccomp annotations, which have no effect since v1.27, into fields.
    #[arg(long, help_heading = "What is changed")]
    migrate_annotations: bool,

    #[command(flatten)]
    changes: ChangeFlags,

    /// Print the least role that this command needs, and do nothing else.
    #[arg(long, help_heading = "Output")]
    print_rbac: bool,
}

/// Runs `set`; returns the exit code.
pub(super) fn run(args: &SetArgs, style: StyleFlags, program: &str) -> Result<u8> {
    let profile = Profile::parse(&args.profile)?;
    let input = &args.input;
    let selection = input.selection(&args.words)?;
    let wish = Wish {
        profile,
        containers: args.container.clone(),
        override_containers: args.override_containers,
        migrate_annotations: args.migrate_annotations,
    };
    let connection;
    let scope = if input.names_files()? {
        let files = input.files();
        let write = args.changes.writes(input)?;
        Scope::Files(Files { files, kustomize: input.kustomize(), write })
    } else {
        let (dry_run, yes) = args.changes.manner(selection.names_objects(), args.print_rbac)?;
        connection = args.connection.connect(program, input.namespace(), false, style.stderr())?;
        let managed = args.changes.managed();
        Scope::Live(Live { connection: &connection, dry_run, yes, managed })
    };
    let options = SetOptions {
        program,
        wish,
        selection,
        namespace: input.namespace(),
        scope,
        undo_file: args.changes.undo_file(),
        output: args.changes.output(style),
    };
    if args.print_rbac {
        return rights::of_set(&options).map(|()| exit::CLEAN);
    }
    set::run(&options).map(|report| exit::of_plan(&report))
}
