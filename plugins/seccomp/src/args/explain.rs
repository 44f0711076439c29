//! `explain`: its command line, and from it to the command.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use kubectl_seccomp::commands::explain::{self, ExplainFormat, ExplainOptions};
use kubectl_seccomp::defaults::Runtime;
use kubectl_seccomp::evaluate::Machine;
use kubectl_seccomp::explain::{Changes, Document, Place, Surroundings, Topic};
use kubectl_seccomp::profile::Kernel;
use posture::cli::exit;
use posture::cli::flags::StyleFlags;
use posture::model::error::{Error, Result};
use posture::render::out::Output;

#[derive(ClapArgs, Debug)]
pub(super) struct ExplainArgs {
    /// What is to be explained.
    #[arg(
        value_name = "CALL|RuntimeDefault",
        help = "RuntimeDefault, or a system call, with arguments by name or number where they \
                matter: ptrace, 'socket(AF_ALG)', 'clone(CLONE_NEWUSER)', 'socket(16, *, 9)'"
    )]
    topic: String,

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

    /// How to write it.
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

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Human,
    /// Everything, as JSON.
    Json,
    /// The same tree, as YAML.
    Yaml,
}

/// The kernel that is assumed where none is named. Profiles look no further than 4.8.
const KERNEL: Kernel = Kernel(6, 12);

/// The architecture that is assumed where none is named.
const ARCH: &str = "amd64";

/// Runs `explain`; returns the exit code.
pub(super) fn run(args: &ExplainArgs, style: StyleFlags, program: &str) -> Result<u8> {
    let topic = Topic::read(&args.topic)?;
    let (around, assumed) = surroundings(args)?;
    let places = places(args, &around)?;
    let format = match args.output {
        Format::Human => ExplainFormat::Human,
        Format::Json => ExplainFormat::Json,
        Format::Yaml => ExplainFormat::Yaml,
    };
    let output = Output { format, style: style.stdout(), stderr_style: style.stderr() };
    let options = ExplainOptions { program, topic, places, assumed, output };
    let complete = explain::run(&options)?;
    Ok(if complete { exit::CLEAN } else { exit::INCOMPLETE })
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
    let (name, version) = release.split_once('@').ok_or_else(|| {
        Error::usage(format!("--runtime {release:?} names no version"))
            .hint("write it like containerd@1.7.27")
    })?;
    Ok(vec![Place::of_release(name.parse()?, version, around)?])
}
