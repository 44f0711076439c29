//! `can`: its command line, and from it to the command.

use clap::Args as ClapArgs;
use kubectl_netpol::commands::can::{self, CanOptions, Outcome};
use posture::cli::exit;
use posture::cli::flags::{AnswerOutputFlags, StyleFlags};
use posture::model::error::Result;

use super::reading::ReadingFlags;

#[derive(ClapArgs, Debug)]
pub(super) struct CanArgs {
    /// Who opens the connection: deploy/web, pod/web-1, ns/shop, app=web, app=web@shop, 10.0.0.1,
    /// 10.0.0.0/8, node/NAME, internet, apiserver, ingress. A name is of the namespace of -n, or of
    /// the one behind a dot: deploy/web.shop.
    #[arg(value_name = "FROM")]
    from: String,

    /// To whom, in the same words, or svc/NAME; with a port where one is meant: svc/db.data:5432,
    /// app=web:http, 10.0.0.1:53/UDP.
    #[arg(value_name = "TO[:PORT]")]
    to: String,

    #[command(flatten)]
    reading: ReadingFlags,

    #[command(flatten)]
    output: AnswerOutputFlags,
}

/// Runs `can`; returns the exit code: 0 yes, 1 no, 4 where it depends or is not known.
pub(super) fn run(args: &CanArgs, style: StyleFlags, program: &str) -> Result<u8> {
    let opened = args.reading.open("can", program, style)?;
    let command = format!("{program} can {} {}", args.from, args.to);
    let options = CanOptions {
        program,
        loading: args.reading.loading(&opened, "can", &command)?,
        from: &args.from,
        to: &args.to,
        cni: args.reading.dialect(),
        accept_vendor_gap: args.reading.accept_vendor_gap,
        output: args.output.output(style),
    };
    if args.reading.print_rbac {
        return can::print_rights(&options).map(|()| exit::CLEAN);
    }
    Ok(match can::run(&options)? {
        Outcome::Yes => exit::CLEAN,
        Outcome::No => exit::FINDINGS,
        Outcome::Open => exit::INCOMPLETE,
    })
}
