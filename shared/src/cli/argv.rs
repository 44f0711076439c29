//! The command line as kubectl's flag library reads it, brought into clap's terms.

use std::ffi::OsString;

/// Normalises arguments: underscores in flag names become dashes (`--server_version`), as pflag
/// has them in kubectl. Everything behind `--` is left alone.
pub fn normalise(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut done = false;
    args.into_iter()
        .map(|arg| {
            done |= arg == "--";
            match arg.to_str() {
                Some(text) if !done && text.starts_with("--") => {
                    let (name, value) = text.split_at(text.find('=').unwrap_or(text.len()));
                    OsString::from(format!("{}{value}", name.replace('_', "-")))
                }
                _ => arg,
            }
        })
        .collect()
}

/// How the program is called: `kubectl pss` for a binary `kubectl-pss`, whatever it was renamed
/// to. Help texts and hints use it.
pub fn program_name(arg0: Option<&OsString>, default: &str) -> String {
    let stem = arg0
        .map(std::path::Path::new)
        .and_then(|path| path.file_stem())
        .and_then(|stem| stem.to_str())
        .filter(|stem| stem.starts_with("kubectl-"))
        .unwrap_or(default);
    stem.replacen('-', " ", 1).replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn underscores_become_dashes_in_flag_names_only() {
        let args = ["pss", "--server_version=1_2", "-f", "a_b", "--", "--x_y"];
        let normal = normalise(args.iter().map(OsString::from));
        assert_eq!(normal, ["pss", "--server-version=1_2", "-f", "a_b", "--", "--x_y"]);
    }

    #[test]
    fn the_name_follows_the_binary() {
        let name = |text: &str| program_name(Some(&OsString::from(text)), "kubectl-pss");
        assert_eq!(name("/usr/bin/kubectl-pss"), "kubectl pss");
        assert_eq!(name("kubectl-pod_security"), "kubectl pod-security");
        assert_eq!(name("/tmp/x"), "kubectl pss");
    }
}
