//! What a level asks for, in the fewest lines: the `securityContext` to paste, and why each line
//! is there.

use std::fmt::Write as _;

use posture::model::version::NEWEST;

use crate::evaluate::Evaluator;
use crate::level::{Level, LevelVersion};

/// Where a line belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// `spec.securityContext`: once for the whole pod.
    Pod,
    /// `securityContext` of every container.
    Container,
}

/// Lines that a check asks for in every pod.
struct Demand {
    check: &'static str,
    part: Part,
    lines: &'static [&'static str],
    why: &'static str,
}

/// The checks that a bare pod fails; all others only forbid.
const DEMANDS: [Demand; 4] = [
    Demand {
        check: "runAsNonRoot",
        part: Part::Pod,
        lines: &["runAsNonRoot: true"],
        why: "the kubelet refuses to start a container as UID 0. The image must name a numeric user, or add runAsUser with a UID above 0",
    },
    Demand {
        check: "seccompProfile_restricted",
        part: Part::Pod,
        lines: &["seccompProfile:", "  type: RuntimeDefault"],
        why: "without a profile a container may call every system call that the kernel has",
    },
    Demand {
        check: "allowPrivilegeEscalation",
        part: Part::Container,
        lines: &["allowPrivilegeEscalation: false"],
        why: "setuid programs in the image gain nothing. It is no field of the pod, so every container needs it, init and ephemeral ones too",
    },
    Demand {
        check: "capabilities_restricted",
        part: Part::Container,
        lines: &["capabilities:", "  drop: [\"ALL\"]"],
        why: "the runtime's default capabilities go as well. NET_BIND_SERVICE may be added back, nothing else",
    },
];

/// The demands of a level on a server of the newest release, in the order of the text.
fn demands(level: LevelVersion) -> Vec<&'static Demand> {
    let evaluator = Evaluator::new(NEWEST);
    let applied: Vec<&str> = evaluator.checks(level).map(|(check, _)| check.id()).collect();
    DEMANDS.iter().filter(|demand| applied.contains(&demand.check)).collect()
}

/// The smallest pod that meets a level, as YAML: nothing but what is asked for.
pub fn smallest_pod(level: LevelVersion) -> String {
    let demands = demands(level);
    let mut text = "spec:\n".to_owned();
    let part = |part: Part, indent: &str| {
        let lines: Vec<_> = demands
            .iter()
            .filter(|demand| demand.part == part)
            .flat_map(|demand| demand.lines)
            .collect();
        if lines.is_empty() {
            return String::new();
        }
        let mut text = format!("{indent}securityContext:\n");
        for line in lines {
            let _infallible = writeln!(text, "{indent}  {line}");
        }
        text
    };
    let (pod, container) = (part(Part::Pod, "  "), part(Part::Container, "    "));
    text.push_str(&pod);
    text.push_str("  containers:\n  - name: app\n");
    text.push_str(&container);
    text
}

/// The document that `explain LEVEL` prints.
pub fn explain(level: LevelVersion) -> String {
    let mut text = format!("# {level}\n\n");
    let demands = demands(level);
    match level.level {
        Level::Privileged => {
            text.push_str("Everything is allowed: no check runs.\n");
            return text;
        }
        _ if demands.is_empty() => {
            text.push_str(
                "A pod without any of the fields below meets it: nothing has to be written.\n",
            );
        }
        _ => {
            text.push_str("The smallest securityContext that meets it, the pod's part and each container's part:\n\n");
            // Writing to a string cannot fail.
            let _infallible = write!(text, "```yaml\n{}```\n\n", smallest_pod(level));
            for demand in &demands {
                let field = demand.lines.first().map_or("", |line| line.trim_end_matches(':'));
                let _infallible = writeln!(text, "- {field}: {} ({}).", demand.why, demand.check);
            }
        }
    }
    text.push_str("\n## What it forbids\n\n");
    let evaluator = Evaluator::new(NEWEST);
    for (check, _) in evaluator.checks(level) {
        if !demands.iter().any(|demand| demand.check == check.id()) {
            let _infallible = writeln!(text, "- {}: {}", check.id(), check.check.title);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use posture::input::yaml;
    use posture::model::path::FieldPath;
    use posture::model::source::Source;
    use posture::model::workload::{Carrier, PodTemplate};

    use super::*;
    use crate::checks;
    use crate::level::PolicyVersion;
    use crate::pod::Pod;

    #[test]
    fn the_smallest_pod_meets_the_level_and_every_line_is_needed() {
        let evaluator = Evaluator::new(NEWEST);
        let passes = |text: &str, level: LevelVersion| {
            let source = Arc::new(Source::new("pod.yaml", text.into()));
            let document = yaml::read(&source).pop().expect("a document").expect("valid");
            let template = PodTemplate {
                carrier: Carrier::Pod,
                path: FieldPath::root(),
                value: document.tree.root(),
                claims: None,
            };
            evaluator.evaluate(&Pod::created_from(&template, NEWEST), level).allowed()
        };
        let versions = (0..=NEWEST.0).map(PolicyVersion::of).chain([PolicyVersion::Latest]);
        for version in versions {
            for level in Level::ALL {
                let level = LevelVersion { level, version };
                let text = smallest_pod(level);
                assert!(passes(&text, level), "{level}:\n{text}");
                for demand in demands(level) {
                    let without: String = text
                        .split_inclusive('\n')
                        .filter(|line| {
                            !demand.lines.iter().any(|demanded| line.trim() == demanded.trim())
                        })
                        .collect();
                    assert!(
                        !passes(&without, level),
                        "{level} without {}:\n{without}",
                        demand.check
                    );
                }
            }
        }
        for demand in &DEMANDS {
            assert!(checks::ALL.iter().any(|check| check.id() == demand.check), "{}", demand.check);
        }
    }
}
