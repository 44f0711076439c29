//! Names and values that would do something to a terminal never reach it.

use super::{FORMATS, check};

/// An escape sequence, a carriage return, a line of its own, an override of the direction, and a
/// command of GitHub's.
const NASTY: [&str; 6] =
    ["\u{1b}[31mred", "a\rb", "a\n::error::b", "\u{202e}cba", "\u{9b}31m", "</script>\u{7}"];

#[test]
fn nothing_reaches_a_terminal_raw() {
    for nasty in NASTY {
        let quoted = serde_json::to_string(nasty).expect("a text");
        let text = format!(
            "{{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{{\"name\":{quoted}}},\"status\":{{\"nodeInfo\":{{\"containerRuntimeVersion\":{quoted},\"kubeletVersion\":{quoted}}}}}}}\n---\n\
             {{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{{\"name\":{quoted},\"namespace\":{quoted},\"annotations\":{{\"seccomp.security.alpha.kubernetes.io/pod\":{quoted},\"container.seccomp.security.alpha.kubernetes.io/gone\":\"unconfined\"}}}},\
             \"spec\":{{\"nodeName\":{quoted},\"containers\":[{{\"name\":{quoted},\"image\":\"x\",\"securityContext\":{{\"seccompProfile\":{{\"type\":{quoted},\"localhostProfile\":{quoted}}}}}}},{{\"name\":\"b\",\"image\":\"x\"}}]}}}}\n---\n\
             {{\"apiVersion\":\"mutations.gatekeeper.sh/v1\",\"kind\":\"Assign\",\"metadata\":{{\"name\":{quoted}}},\"spec\":{{\"applyTo\":[{{\"groups\":[\"\"],\"kinds\":[\"Pod\"],\"versions\":[\"v1\"]}}],\"location\":\"spec.securityContext.seccompProfile.type\",\"parameters\":{{\"assign\":{{\"value\":{quoted}}}}}}}}}\n"
        );
        let mut codes = Vec::new();
        for format in FORMATS {
            let finished = check(&text, &["-o", format]);
            codes.push(finished.code);
            for (name, output) in [("stdout", &finished.stdout), ("stderr", &finished.stderr)] {
                let is_raw =
                    |one: char| one.is_control() && one != '\n' && one != '\t' || one == '\u{202e}';
                assert!(!output.contains(is_raw), "{format} {name} of {nasty:?}: {output:?}");
                let commands = output.lines().filter(|line| line.starts_with("::error::b"));
                assert_eq!(commands.count(), 0, "{format} {name}: {output}");
            }
        }
        assert!(codes.iter().all(|code| *code == codes[0] && *code != 0), "{nasty:?}: {codes:?}");
    }
}
