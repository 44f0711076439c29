//! `list`: its command line, and from it to the command.

use clap::builder::PossibleValue;
use clap::{Args as ClapArgs, ValueEnum};
use kubectl_netpol::commands::list::{self, ListFormat, ListOptions, PairsFormat, Wanted};
use kubectl_netpol::picture::focus::Only;
use kubectl_netpol::ports::{PortSet, Protocol};
use posture::cli::exit;
use posture::cli::flags::StyleFlags;
use posture::model::error::{Error, Result};
use posture::render::out::Output;

use super::reading::ReadingFlags;

#[derive(ClapArgs, Debug)]
pub(super) struct ListArgs {
    /// Only what these open: deploy/web, ns/shop, app=web, internet …
    #[arg(long, value_name = "WHO", help_heading = "What to show")]
    from: Option<String>,

    /// Only what goes to these.
    #[arg(long, value_name = "WHO", help_heading = "What to show")]
    to: Option<String>,

    /// Only what has these on either side.
    #[arg(long, value_name = "WHO", help_heading = "What to show")]
    workload: Option<String>,

    /// Only these ports: 443, 8000-8080, 53/UDP. Comma lists and repeats are fine.
    #[arg(long, value_name = "PORT", value_delimiter = ',', value_parser = port,
          help_heading = "What to show")]
    port: Vec<PortSet>,

    /// Only what is allowed for certain, or only what is not certain.
    #[arg(long, value_enum, value_name = "WHICH", help_heading = "What to show")]
    only: Option<Which>,

    /// Tell the rules that decide.
    #[arg(long, help_heading = "What to show")]
    why: bool,

    /// Every two workloads that can talk, one by one; with -o human, csv or json (a line each).
    #[arg(long, help_heading = "What to show")]
    all_pairs: bool,

    #[command(flatten)]
    reading: ReadingFlags,

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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    Allowed,
    Depends,
}

/// A format, by the words of [`ListFormat`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Format(ListFormat);

impl Format {
    const ALL: [Self; ListFormat::ALL.len()] = {
        let mut all = [Self(ListFormat::Human); ListFormat::ALL.len()];
        let mut position = 0;
        while position < all.len() {
            all[position] = Self(ListFormat::ALL[position]);
            position += 1;
        }
        all
    };
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()).help(self.0.about()))
    }
}

/// Reads `8000-8080` or `53/UDP`.
fn port(text: &str) -> std::result::Result<PortSet, String> {
    let wrong = || format!("{text} is no port: write 443, 8000-8080 or 53/UDP");
    let (numbers, protocol) = match text.split_once('/') {
        Some((numbers, name)) => (numbers, Protocol::of(&name.to_uppercase()).ok_or_else(wrong)?),
        None => (text, Protocol::Tcp),
    };
    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    let (first, last) = number(first).zip(number(last)).ok_or_else(wrong)?;
    if first > last {
        return Err(wrong());
    }
    Ok(PortSet::range(protocol, first, last))
}

impl ListArgs {
    /// How pairs are written, if all are wanted.
    fn pairs(&self) -> Result<Option<PairsFormat>> {
        if !self.all_pairs {
            return Ok(None);
        }
        Ok(Some(match self.output.0 {
            ListFormat::Human => PairsFormat::Human,
            ListFormat::Csv => PairsFormat::Csv,
            ListFormat::Json => PairsFormat::Json,
            other => {
                let message =
                    format!("--all-pairs is written as human, csv or json, not {}", other.name());
                return Err(Error::usage(message));
            }
        }))
    }
}

/// Runs `list`; returns the exit code: 4 where something was left out or is not certain.
pub(super) fn run(args: &ListArgs, style: StyleFlags, program: &str) -> Result<u8> {
    let all_pairs = args.pairs()?;
    let opened = args.reading.open("list", program, style)?;
    let command = format!("{program} list");
    let options = ListOptions {
        program,
        loading: args.reading.loading(&opened, "list", &command)?,
        wanted: Wanted {
            from: args.from.as_deref(),
            to: args.to.as_deref(),
            workload: args.workload.as_deref(),
            ports: args.port.iter().cloned().reduce(|all, one| all.union(&one)),
            only: args.only.map(|which| match which {
                Which::Allowed => Only::Allowed,
                Which::Depends => Only::Depends,
            }),
        },
        cni: args.reading.dialect(),
        accept_vendor_gap: args.reading.accept_vendor_gap,
        why: args.why,
        output: Output {
            format: args.output.0,
            style: style.stdout(),
            stderr_style: style.stderr(),
        },
        all_pairs,
    };
    if args.reading.print_rbac {
        return list::print_rights(&options).map(|()| exit::CLEAN);
    }
    let complete = list::run(&options)?;
    Ok(if complete { exit::CLEAN } else { exit::INCOMPLETE })
}
