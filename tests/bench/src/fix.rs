//! Fixing a folder of manifests beside checking it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::ROUNDS;
use crate::measure::{self, Measured, Summary};

/// How many files there are, one Deployment each.
const FILES: usize = 1000;

/// How much longer than checking it fixing may take, its writes aside.
const LONGEST: f64 = 2.0;

/// Measures on the first Deployments of a generated file, each in a file of its own.
#[expect(clippy::print_stdout, reason = "the figures are this command's output")]
pub(crate) fn compare(file: &str, ours: &str) -> Result<(), String> {
    let said = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| format!("{path}: {error}")
    };
    let text = fs::read_to_string(file).map_err(said(Path::new(file)))?;
    let folder = PathBuf::from(format!("{file}.folder"));
    let refill = || -> Result<(), String> {
        drop(fs::remove_dir_all(&folder));
        fs::create_dir(&folder).map_err(said(&folder))?;
        for (index, document) in text.split("---\n").take(FILES).enumerate() {
            let path = folder.join(format!("{index:04}.yaml"));
            fs::write(&path, document).map_err(said(&path))?;
        }
        Ok(())
    };
    refill()?;
    let before = contents(&folder)?;
    let name = folder.display().to_string();
    let check = ["check", "--level", "restricted", "-f", &name];
    let fix = ["fix", "--level", "restricted", "--grade", "B", "-f", &name];
    let write = [&fix[..], &["--write"]].concat();
    let (mut checked, mut fixed, mut written) = (Vec::new(), Vec::new(), Vec::new());
    let mut writes = Vec::new();
    for _ in 0..ROUNDS {
        checked.push(measure::child(ours, &check)?);
        fixed.push(measure::child(ours, &fix)?);
        written.push(measure::child(ours, &write)?);
        let after = contents(&folder)?;
        let changed: Vec<_> =
            before.iter().zip(&after).filter(|(old, new)| old != new).map(|(_, new)| new).collect();
        if changed.is_empty() {
            return Err("nothing was fixed".to_owned());
        }
        writes.push((bare(&folder, &changed).map_err(said(&folder))?, changed.len()));
        refill()?;
    }
    println!("{FILES} files, {} of them changed", writes[0].1);
    let row = |name: &str, runs: &[Measured]| {
        let summary = Summary::of(runs);
        println!(
            "{name:<34}{:>7.3} s{:>7.3} s{:>7.3} s",
            summary.median, summary.fastest, summary.processor
        );
        summary.median
    };
    println!("{:<34}{:>9}{:>9}{:>9}", "", "median", "fastest", "cpu");
    let checked = row("kubectl-pss check", &checked);
    let fixed = row("kubectl-pss fix --grade B", &fixed);
    let written = row("kubectl-pss fix --grade B --write", &written);
    let mut bare: Vec<f64> = writes.iter().map(|(seconds, _)| *seconds).collect();
    bare.sort_by(f64::total_cmp);
    let bare = bare[bare.len() / 2];
    println!("{:<34}{bare:>7.3} s", "the same files, written and synced");
    println!("ratio {:.2}, with the writes {:.2}", fixed / checked, (written - bare) / checked);
    fs::remove_dir_all(&folder).map_err(said(&folder))?;
    if fixed > LONGEST * checked {
        return Err(format!("fixing takes more than {LONGEST} times as long as checking"));
    }
    Ok(())
}

/// What is in the files of a folder, in the order of their names.
fn contents(folder: &Path) -> Result<Vec<Vec<u8>>, String> {
    (0..FILES)
        .map(|index| {
            let path = folder.join(format!("{index:04}.yaml"));
            fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
        })
        .collect()
}

/// The seconds that it takes to write files so that each is there as a whole or not at all, even
/// when the machine goes down.
fn bare(folder: &Path, texts: &[&Vec<u8>]) -> std::io::Result<f64> {
    let started = Instant::now();
    for (index, text) in texts.iter().enumerate() {
        let (temporary, path) =
            (folder.join("temporary"), folder.join(format!("written-{index:04}")));
        let mut file = File::create(&temporary)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        File::open(folder)?.sync_all()?;
    }
    Ok(started.elapsed().as_secs_f64())
}
