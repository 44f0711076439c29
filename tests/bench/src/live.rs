//! A cluster of many pods: `kubectl pss check ns` and `kubectl seccomp check -A` beside the bare
//! download of the lists that they read.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use posture_generators::population::{self, Population};
use posture_harness::cluster::{ADMIN, Cluster};
use posture_harness::judge;
use serde_json::Value;

use crate::measure::{self, Measured, Summary};
use crate::raw::{Downloaded, Lists};
use crate::{HELP_ROUNDS, MIB, output, precise, seccomp};

/// How many pods there are, one measurement after the other.
const PODS: [usize; 2] = [10_000, 50_000];

/// How often each program runs.
const ROUNDS: usize = 7;

/// How much longer than the download `check ns` may take.
const LONGEST: f64 = 1.2;

/// What is generated from.
const SEED: u64 = 1;

/// One program of a measurement.
pub(crate) struct Contender {
    name: &'static str,
    program: String,
    arguments: Vec<String>,
    runs: Vec<Measured>,
}

impl Contender {
    pub(crate) fn new(name: &'static str, program: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self { name, program: program.to_owned(), arguments, runs: Vec::new() }
    }

    fn run(&mut self) -> Result<(), String> {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.runs.push(measure::child(&self.program, &arguments)?);
        Ok(())
    }
}

/// Fills a cluster in steps, and measures after each; `kubectl seccomp`, at `other`, after the first
/// alone.
#[expect(clippy::print_stdout, reason = "the figures are this command's output")]
pub(crate) fn compare(ours: &str, other: &str) -> Result<(), String> {
    let cluster = Cluster::start(&population::options());
    let kubeconfigs = Kubeconfigs::write(&cluster)?;
    seccomp::add_nodes(&cluster);
    let mut population = Population::start(&cluster, SEED);
    let mut memory = Vec::new();
    for pods in PODS {
        let started = Instant::now();
        population.grow(pods);
        let (deployments, seconds) = (population.deployments(), started.elapsed().as_secs());
        println!("{pods} pods of {deployments} Deployments, created in {seconds} s");
        memory.push(step(&cluster, ours, &kubeconfigs, pods)?);
        if pods == PODS[0] {
            seccomp::step(other, &kubeconfigs, pods)?;
        }
    }
    if let [few, many] = memory[..] {
        println!("memory with 5 times the pods: × {:.2}", precise(many) / precise(few));
    }
    let help: Vec<Measured> =
        (0..HELP_ROUNDS).map(|_| measure::child(ours, &["--help"])).collect::<Result<_, _>>()?;
    println!("--help {:.1} ms", Summary::of(&help).median * 1e3);
    Ok(())
}

/// The administrator's kubeconfig, and one that asks for no compression.
pub(crate) struct Kubeconfigs {
    pub gzip: PathBuf,
    pub identity: PathBuf,
}

impl Kubeconfigs {
    fn write(cluster: &Cluster) -> Result<Self, String> {
        let gzip = cluster.kubeconfig(ADMIN);
        let text = fs::read(&gzip).map_err(|error| error.to_string())?;
        let mut config: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        config["clusters"][0]["cluster"]["disable-compression"] = Value::Bool(true);
        let identity = cluster.folder().join("kubeconfig-identity.yaml");
        fs::write(&identity, config.to_string()).map_err(|error| error.to_string())?;
        Ok(Self { gzip, identity })
    }
}

/// Measures with the pods that there are; returns the most memory that `check ns` held.
#[expect(clippy::print_stdout, reason = "the figures are this command's output")]
fn step(
    cluster: &Cluster,
    ours: &str,
    kubeconfigs: &Kubeconfigs,
    pods: usize,
) -> Result<u64, String> {
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let (gzip, identity) = (path(&kubeconfigs.gzip), path(&kubeconfigs.identity));
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let (own, kubectl) = (path(&own), path(&judge::kubectl()));
    let cache = path(&cluster.folder().join("cache"));
    counts_all(ours, &identity, pods)?;
    let lists = Lists::Pss;
    for (coding, kubeconfig) in [("identity", &identity), ("gzip", &gzip)] {
        print_size(&own, lists, kubeconfig, coding)?;
    }
    let check = |kubeconfig| ["check", "ns", "--kubeconfig", kubeconfig];
    let pods_json = ["check", "pods", "-A", "-o", "json", "--kubeconfig", &identity];
    let get = ["get", "pods", "-A", "-o", "name", "--kubeconfig", &gzip, "--cache-dir", &cache];
    let mut contenders = [
        Contender::new("download", &own, &["raw", lists.as_str(), &identity, "identity"]),
        Contender::new("check ns", ours, &check(&identity)),
        Contender::new("download, gzip", &own, &["raw", lists.as_str(), &gzip, "gzip"]),
        Contender::new("check ns, gzip", ours, &check(&gzip)),
        Contender::new("check pods -A -o json", ours, &pods_json),
        Contender::new("kubectl get pods -A -o name", &kubectl, &get),
    ];
    let summaries = by_turns(&mut contenders)?;
    let ratio = |own: usize, other: usize| summaries[own].median / summaries[other].median;
    println!(
        "  ratio {:.2} (at most {LONGEST}), with gzip {:.2}, with gzip to the download without {:.2}",
        ratio(1, 0),
        ratio(3, 2),
        ratio(3, 0),
    );
    Ok(summaries[1].memory.max(summaries[3].memory))
}

/// Runs programs by turns, and prints a line for each.
#[expect(clippy::print_stdout, reason = "the figures are this command's output")]
pub(crate) fn by_turns(contenders: &mut [Contender]) -> Result<Vec<Summary>, String> {
    for _ in 0..ROUNDS {
        for contender in contenders.iter_mut() {
            contender.run()?;
        }
    }
    println!("{:<32}{:>9}{:>9}{:>9}{:>10}", "", "median", "fastest", "cpu", "memory");
    Ok(contenders
        .iter()
        .map(|contender| {
            let summary = Summary::of(&contender.runs);
            println!(
                "  {:<30}{:>7.3} s{:>7.3} s{:>7.3} s{:>6.0} MiB",
                contender.name,
                summary.median,
                summary.fastest,
                summary.processor,
                precise(summary.memory) / MIB,
            );
            summary
        })
        .collect())
}

/// Downloads once, and prints how much that is.
#[expect(clippy::print_stdout, reason = "the figures are this command's output")]
pub(crate) fn print_size(
    own: &str,
    lists: Lists,
    kubeconfig: &str,
    coding: &str,
) -> Result<(), String> {
    let text = output(own, &["raw", lists.as_str(), kubeconfig, coding])?;
    let came: Downloaded = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    println!("  {coding}: {:.1} MB in {} pages", precise_of(came.bytes) / 1e6, came.pages);
    Ok(())
}

/// Whether `check ns` sees every pod: who leaves some out is fast without merit.
fn counts_all(ours: &str, kubeconfig: &str, pods: usize) -> Result<(), String> {
    let text = output(ours, &["check", "ns", "-o", "json", "--kubeconfig", kubeconfig])?;
    let report: Value = serde_json::from_str(&text).map_err(|error| format!("no JSON: {error}"))?;
    let objects = report["objects"].as_array().ok_or("the report has no objects")?;
    let counted: u64 = objects.iter().filter_map(|object| object["pods"].as_u64()).sum();
    if usize::try_from(counted) != Ok(pods) {
        return Err(format!("check ns counts {counted} pods, and there are {pods}"));
    }
    Ok(())
}

/// A size as a number that can be divided.
fn precise_of(bytes: usize) -> f64 {
    precise(u64::try_from(bytes).unwrap_or(u64::MAX))
}
