//! `explain`: its command line, and from it to the command.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use kubectl_seccomp::commands::check::Reading;
use kubectl_seccomp::commands::explain::{self, ExplainOptions};
use kubectl_seccomp::commands::rights;
use kubectl_seccomp::defaults::Runtime;
use kubectl_seccomp::evaluate::Machine;
use kubectl_seccomp::explain::{Changes, Document, Place, Surroundings, Topic};
use kubectl_seccomp::profile::Kernel;
use posture::cli::connection::ConnectionFlags;
use posture::cli::exit;
use posture::cli::flags::{AnswerOutputFlags, InputFlags, StyleFlags};
use posture::cli::origin::{Origin, OriginArgs};
use posture::model::error::{Error, Result};
use posture::model::gap::Gap;
use posture::render::answer::AnswerFormat;
use posture::render::out::Output;

use super::check::{KubeletFlags, TOOL};

#[derive(ClapArgs, Debug)]
pub(super) struct ExplainArgs {
    /// What is to be explained; without it the checks are listed.
    #[arg(
        value_name = "CALL|RuntimeDefault|TYPE/NAME|CHECK",
        help = "RuntimeDefault, or a system call, with arguments by name or number where they \
                matter: ptrace, 'socket(AF_ALG)', 'clone(CLONE_NEWUSER)', 'socket(16, *, 9)'; or \
                objects, as kubectl names them: pod/web, deploy web; or a check"
    )]
    words: Vec<String>,

    #[command(flatten)]
    input: InputFlags,

    #[command(flatten)]
    connection: ConnectionFlags,

    #[command(flatten)]
    kubelets: KubeletFlags,

    /// Ask about every kind of node of the cluster: its runtime, kernel and architecture.
    #[arg(
        long,
        conflicts_with_all = ["runtime", "arch", "kernel", "profile"],
        help_heading = "Where"
    )]
    all_nodes: bool,

    /// Print the least role that this command needs, and do nothing else.
    #[arg(long, help_heading = "Output")]
    print_rbac: bool,

    /// The runtime of the node, with its version: containerd@1.7.27, cri-o@1.33, docker@28.5,
    /// containers-common@0.60 (Podman). Without it, the newest release of each line.
    #[arg(long, value_name = "NAME@VERSION", help_heading = "Where")]
    runtime: Option<String>,

    /// The architecture of the node: amd64, arm64, s390x …
    #[arg(long, value_name = "ARCH", help_heading = "Where")]
    arch: Option<String>,

    /// The kernel of the node: 6.8, or all that uname -r says.
    #[arg(long, value_name = "VERSION", help_heading = "Where")]
    kernel: Option<String>,

    /// A capability that the container adds, with or without CAP_; ALL for all. Comma lists and
    /// repeats are fine.
    #[arg(long, value_name = "CAP", value_delimiter = ',', help_heading = "Where")]
    cap: Vec<String>,

    /// A capability that the container drops.
    #[arg(long, value_name = "CAP", value_delimiter = ',', help_heading = "Where")]
    drop_cap: Vec<String>,

    /// Ask about the profile in this JSON file, instead of the default of a runtime.
    #[arg(long, value_name = "FILE", conflicts_with = "runtime", help_heading = "Where")]
    profile: Option<PathBuf>,

    /// Who loads that file; without it, both runtimes of Kubernetes.
    #[arg(long, value_name = "RUNTIME", requires = "profile", help_heading = "Where")]
    reader: Option<String>,

    #[command(flatten)]
    output: AnswerOutputFlags,
}

/// The kernel that is assumed where none is named. Profiles look no further than 4.8.
const KERNEL: Kernel = Kernel(6, 12);

/// The architecture that is assumed where none is named.
const ARCH: &str = "amd64";

/// Runs `explain`; returns the exit code.
pub(super) fn run(args: &ExplainArgs, style: StyleFlags, program: &str) -> Result<u8> {
    let output = args.output.output(style);
    let code = |complete| if complete { exit::CLEAN } else { exit::INCOMPLETE };
    let topic = match &args.words[..] {
        [] if args.asks_cluster()? => return Err(Error::usage("say what is to be explained")),
        [] => return explain::list(program).map(|()| exit::CLEAN),
        words if names_objects(words) => return objects(args, output, style, program).map(code),
        // All objects of a type, where it is said where they are.
        [word] if args.names_type(word)? => {
            return objects(args, output, style, program).map(code);
        }
        [word] => Topic::read(word)?,
        _ => return Err(Error::usage("one call at a time, or objects: TYPE NAME, TYPE/NAME")),
    };
    let mut assumed = Vec::new();
    let (places, gaps) = if args.all_nodes {
        let Some((places, gaps)) = of_nodes(args, style, program)? else {
            return Ok(exit::CLEAN);
        };
        (places, gaps)
    } else if args.asks_cluster()? {
        return Err(Error::usage("nothing is read for a call or a profile").hint(
            "with --all-nodes it is asked about the nodes of the cluster, or of the files of -f",
        ));
    } else {
        let (around, taken) = surroundings(args)?;
        assumed = taken;
        (places(args, &around)?, Vec::new())
    };
    let options = ExplainOptions { program, topic, places, gaps, assumed, output };
    explain::run(&options).map(code)
}

/// Whether words name objects, in kubectl's grammar.
fn names_objects(words: &[String]) -> bool {
    let is_call = |word: &String| word.contains(['(', ' ']);
    (words.len() > 1 || words.iter().any(|word| word.contains('/'))) && !words.iter().any(is_call)
}

impl ExplainArgs {
    /// Whether flags are given that say what to read.
    fn asks_cluster(&self) -> Result<bool> {
        let input = &self.input;
        Ok(input.names_files()?
            || input.all_namespaces()
            || input.namespace().is_some()
            || input.selector().is_some()
            || input.field_selector().is_some()
            || self.print_rbac)
    }

    /// Whether a word is no call, profile or check, and there is something to read.
    fn names_type(&self, word: &str) -> Result<bool> {
        let is_topic = word.contains(['(', ' ']) || Topic::read(word).is_ok();
        Ok(!is_topic && !self.all_nodes && self.asks_cluster()?)
    }

    /// Fails where flags are given that are about a profile alone.
    fn only_objects(&self) -> Result<()> {
        let about_profiles = self.all_nodes
            || self.runtime.is_some()
            || self.arch.is_some()
            || self.kernel.is_some()
            || self.profile.is_some()
            || !self.cap.is_empty()
            || !self.drop_cap.is_empty();
        if about_profiles {
            return Err(Error::usage(
                "objects say themselves where they run: --all-nodes, --runtime, --arch, --kernel, --cap and --profile are for calls and RuntimeDefault",
            ));
        }
        Ok(())
    }

    fn origin<'a>(&'a self, words: &'a [String]) -> OriginArgs<'a> {
        OriginArgs {
            tool: TOOL,
            version: env!("CARGO_PKG_VERSION"),
            verb: "explain",
            words,
            input: &self.input,
            connection: &self.connection,
            snapshot: None,
            with_cluster: false,
            everywhere: false,
        }
    }
}

/// Explains objects; returns whether all of it is certain.
fn objects(
    args: &ExplainArgs,
    output: Output<AnswerFormat>,
    style: StyleFlags,
    program: &str,
) -> Result<bool> {
    args.only_objects()?;
    let origin_args = args.origin(&args.words);
    let origin = Origin::open(&origin_args, program, style.stderr())?;
    args.kubelets.fits(&origin)?;
    let asked = origin.asked(&origin_args);
    let scope = origin.scope(&origin_args, &asked, None)?;
    let reading = Reading {
        program,
        scope,
        namespace: args.input.namespace().map(str::to_owned),
        server: None,
        kubelets: args.kubelets.kubelets(),
        deep: true,
    };
    if args.print_rbac {
        return rights::of_objects(&reading).map(|()| true);
    }
    explain::of_objects(&reading, output)
}

/// The kinds of nodes, and what is not known of nodes; nothing where only roles are printed.
fn of_nodes(
    args: &ExplainArgs,
    style: StyleFlags,
    program: &str,
) -> Result<Option<(Vec<Place>, Vec<Gap>)>> {
    let caps = Changes::asked(&args.cap, &args.drop_cap)?;
    if args.print_rbac {
        return rights::of_nodes().map(|()| None);
    }
    let origin_args = args.origin(&[]);
    let origin = Origin::open(&origin_args, program, style.stderr())?;
    let asked = origin.asked(&origin_args);
    let files = args.input.files();
    let nodes = match origin.cluster(TOOL, &asked, None) {
        (Some(cluster), true) => explain::nodes_of(cluster)?,
        _ => explain::nodes_in(&files, args.input.kustomize())?,
    };
    let (places, gaps) = explain::places(&nodes, &caps)?;
    if places.is_empty() && gaps.is_empty() {
        return Err(Error::could_not_run("there is no Linux node"));
    }
    Ok(Some((places, gaps)))
}

fn surroundings(args: &ExplainArgs) -> Result<(Surroundings, Vec<String>)> {
    let mut assumed = Vec::new();
    let machine: Machine = if let Some(arch) = &args.arch {
        arch.parse().map_err(Error::usage)?
    } else {
        assumed.push(format!("{ARCH} (--arch)"));
        ARCH.parse().map_err(Error::usage)?
    };
    let kernel: Kernel = if let Some(kernel) = &args.kernel {
        kernel.parse().map_err(Error::usage)?
    } else {
        assumed.push(format!("Linux {KERNEL} (--kernel)"));
        KERNEL
    };
    let caps = Changes::asked(&args.cap, &args.drop_cap)?;
    if args.cap.is_empty() && args.drop_cap.is_empty() {
        assumed.push("the capabilities that the runtime gives (--cap, --drop-cap)".to_owned());
    }
    Ok((Surroundings { machine, kernel, caps }, assumed))
}

fn places(args: &ExplainArgs, around: &Surroundings) -> Result<Vec<Place>> {
    if let Some(path) = &args.profile {
        let profile = explain::read(path)?;
        let name = path.display().to_string();
        let readers = match &args.reader {
            Some(reader) => vec![reader.parse()?],
            None => vec![Runtime::Containerd, Runtime::CriO],
        };
        let document = |reader| Document { name: name.clone(), profile: profile.clone(), reader };
        let place = |reader| Place::of_document(document(reader), around);
        return Ok(readers.into_iter().map(place).collect());
    }
    let Some(release) = &args.runtime else { return Ok(Place::of_lines(around)) };
    let (name, version) =
        release.split_once("://").or_else(|| release.split_once('@')).ok_or_else(|| {
            Error::usage(format!("--runtime {release:?} names no version"))
                .hint("write it like containerd@1.7.27")
        })?;
    Ok(vec![Place::of_release(name.parse()?, version, around)?])
}
