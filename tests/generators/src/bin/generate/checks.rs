//! The tables of checks in the plugins' READMEs.

use std::fmt::Write as _;

use kubectl_pss::checks::ALL;
use kubectl_pss::fixes::table;
use kubectl_pss::level::PolicyVersion;
use kubectl_pss::requirements;
use kubectl_seccomp::checks as seccomp;
use posture::finding::document::Document;

use crate::{Result, marked};

/// Writes the tables.
pub(crate) fn write() -> Result<()> {
    let mut table =
        "| check | level | since | what is wrong | fix |\n|---|---|---|---|---|\n".to_owned();
    for check in ALL {
        let versions: Vec<String> = check
            .revisions
            .iter()
            .map(|revision| PolicyVersion::Minor(revision.since).to_string())
            .collect();
        let (id, title) = (check.id(), check.check.title);
        let file = check_file(id);
        let (since, changes) =
            versions.split_first().ok_or_else(|| format!("{id} has no revision"))?;
        let changes = if changes.is_empty() {
            String::new()
        } else {
            format!(", changed in {}", changes.join(", "))
        };
        let level = check.level;
        let grades = table::grades(id);
        let _ = writeln!(
            table,
            "| [`{id}`](src/checks/{file}.md) | {level} | {since}{changes} | {title} | {grades} |"
        );
    }
    marked::write("plugins/pss/README.md", "checks", &table)?;
    let mut table = "| check | what is wrong |\n|---|---|\n".to_owned();
    for requirement in requirements::ALL {
        let (id, title) = (requirement.check.id, requirement.check.title);
        let file = check_file(id);
        let _ = writeln!(table, "| [`{id}`](src/requirements/{file}.md) | {title} |");
    }
    marked::write("plugins/pss/README.md", "requirements", &table)?;
    let mut table = "| check | severity | what is wrong | fix |\n|---|---|---|---|\n".to_owned();
    for one in seccomp::ALL {
        let (id, title) = (one.check.id, one.check.title);
        let file = check_file(id);
        let document = Document::parse(one.check.document).map_err(|why| format!("{id}: {why}"))?;
        let front = |key: &str| document.front(key).ok_or_else(|| format!("{id} has no {key}"));
        let (severity, fix) = (front("severity")?, front("fix")?);
        let _ =
            writeln!(table, "| [`{id}`](src/checks/{file}.md) | {severity} | {title} | {fix} |");
    }
    marked::write("plugins/seccomp/README.md", "checks", &table)
}

/// A check's file is named for it: `hostPorts` is in `host_ports`.
fn check_file(id: &str) -> String {
    let mut file = String::new();
    for character in id.chars() {
        if character.is_ascii_uppercase() && !file.is_empty() && !file.ends_with('_') {
            file.push('_');
        }
        file.push(character.to_ascii_lowercase());
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::in_repository;

    #[test]
    fn every_link_leads_somewhere() {
        for check in ALL {
            let path = format!("plugins/pss/src/checks/{}.md", check_file(check.id()));
            assert!(in_repository(&path).is_file(), "{path}");
        }
        for one in seccomp::ALL {
            let path = format!("plugins/seccomp/src/checks/{}.md", check_file(one.check.id));
            assert!(in_repository(&path).is_file(), "{path}");
        }
        for requirement in requirements::ALL {
            let file = check_file(requirement.check.id);
            let path = format!("plugins/pss/src/requirements/{file}.md");
            assert!(in_repository(&path).is_file(), "{path}");
        }
    }
}
