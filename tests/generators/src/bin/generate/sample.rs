//! The samples in the documents: what the binary really prints.

use posture_harness::binary::Run;

use crate::{Result, in_repository, marked};

/// How wide a terminal the sample is for.
const COLUMNS: &str = "100";

/// Runs the binary on the example and writes what it prints.
pub(crate) fn write() -> Result<()> {
    let run = Run::new("kubectl-pss")
        .args(["check", "-f", "shop.yaml"])
        .env("COLUMNS", COLUMNS)
        .in_folder(&in_repository("plugins/pss/examples"))
        .finish();
    if run.code != 1 {
        return Err(format!("the example must have findings: exit {}, {}", run.code, run.stderr));
    }
    let sample = format!("```console\n$ kubectl pss check -f shop.yaml\n{}```", run.stdout);
    marked::write("README.md", "sample", &sample)?;
    let run = Run::new("kubectl-pss")
        .args(["check", "ns", "-f", "shop.yaml"])
        .env("COLUMNS", COLUMNS)
        .in_folder(&in_repository("plugins/pss/examples"))
        .finish();
    if run.code != 1 {
        return Err(format!("the example must have findings: exit {}, {}", run.code, run.stderr));
    }
    let sample = format!("```console\n$ kubectl pss check ns -f shop.yaml\n{}```", run.stdout);
    marked::write("plugins/pss/README.md", "sample", &sample)?;
    let arguments = ["diff", "cronjob", "--to", "restricted", "-f", "shop.yaml"];
    let run = Run::new("kubectl-pss")
        .args(arguments)
        .env("COLUMNS", COLUMNS)
        .in_folder(&in_repository("plugins/pss/examples"))
        .finish();
    if run.code != 1 {
        return Err(format!("the example must differ: exit {}, {}", run.code, run.stderr));
    }
    let sample = format!("```console\n$ kubectl pss {}\n{}```", arguments.join(" "), run.stdout);
    marked::write("plugins/pss/README.md", "diff", &sample)?;
    seccomp()?;
    netpol()
}

/// Whether one can reach another, and the map.
fn netpol() -> Result<()> {
    let samples: [(&str, &[&str], i32); 2] = [
        ("can", &["can", "deploy/web.shop", "svc/db.data:5432", "-f", "shop.yaml"], 1),
        ("list", &["list", "-f", "shop.yaml"], 0),
    ];
    for (name, arguments, code) in samples {
        let run = Run::new("kubectl-netpol")
            .args(arguments.iter().copied())
            .env("COLUMNS", COLUMNS)
            .in_folder(&in_repository("plugins/netpol/examples"))
            .finish();
        if run.code != code {
            return Err(format!("{name}: exit {}, not {code}: {}", run.code, run.stderr));
        }
        let command = arguments.join(" ");
        let sample = format!("```console\n$ kubectl netpol {command}\n{}```", run.stdout);
        marked::write("plugins/netpol/README.md", name, &sample)?;
    }
    Ok(())
}

/// What confines the containers of manifests, what a change of them looks like (the diff, then the
/// words beside it), and what becomes of a call.
fn seccomp() -> Result<()> {
    let samples: [(&str, &[&str], i32); 3] = [
        ("check", &["check", "-f", "shop.yaml"], 1),
        ("sample", &["set", "RuntimeDefault", "-f", "shop.yaml"], 0),
        ("explain", &["explain", "socket(AF_ALG)", "--runtime", "containerd@1.7.27"], 0),
    ];
    for (name, arguments, code) in samples {
        let run = Run::new("kubectl-seccomp")
            .args(arguments.iter().copied())
            .env("COLUMNS", COLUMNS)
            .in_folder(&in_repository("plugins/seccomp/examples"))
            .finish();
        if run.code != code {
            return Err(format!("{name}: exit {}, not {code}: {}", run.code, run.stderr));
        }
        let quoted = arguments
            .iter()
            .map(|one| if one.contains('(') { format!("'{one}'") } else { (*one).to_owned() });
        let (command, said) = (quoted.collect::<Vec<_>>().join(" "), run.stdout + &run.stderr);
        let sample = format!("```console\n$ kubectl seccomp {command}\n{said}```");
        marked::write("plugins/seccomp/README.md", name, &sample)?;
    }
    Ok(())
}
