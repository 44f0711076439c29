//! The flags of kubectl that say which cluster to ask, and as whom.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgAction, Args};

use super::duration;
use crate::client::connect::{self, ConnectOptions};
use crate::client::connection::Connection;
use crate::input::yaml;
use crate::model::error::{Error, Result};
use crate::render::notices::StderrNotices;
use crate::render::style::Style;

/// The flags of cli-runtime's `ConfigFlags`, with kubectl's meaning.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionFlags {
    /// Kubeconfig file.
    #[arg(long, value_name = "FILE", global = true)]
    kubeconfig: Option<OsString>,

    /// Context of the kubeconfig.
    #[arg(long, value_name = "NAME", global = true)]
    context: Option<String>,

    /// Cluster of the kubeconfig.
    #[arg(long, value_name = "NAME", global = true)]
    cluster: Option<String>,

    /// User of the kubeconfig.
    #[arg(long, value_name = "NAME", global = true)]
    user: Option<String>,

    /// Address of the API server.
    #[arg(short = 's', long, value_name = "URL", global = true)]
    server: Option<String>,

    /// Bearer token.
    #[arg(long, value_name = "TOKEN", global = true)]
    token: Option<String>,

    /// User to act as.
    #[arg(long = "as", value_name = "USER", global = true)]
    impersonate: Option<String>,

    /// Group to act as; may be repeated.
    #[arg(long = "as-group", value_name = "GROUP", action = ArgAction::Append, global = true)]
    impersonate_groups: Vec<String>,

    /// Uid to act as.
    #[arg(long = "as-uid", value_name = "UID", hide_short_help = true, global = true)]
    impersonate_uid: Option<String>,

    /// Further attribute to act as; may be repeated.
    #[arg(long = "as-user-extra", value_name = "KEY=VALUE", action = ArgAction::Append, hide_short_help = true, global = true)]
    impersonate_extra: Vec<String>,

    /// Certificate of the client.
    #[arg(long, value_name = "FILE", hide_short_help = true, global = true)]
    client_certificate: Option<OsString>,

    /// Key of the client's certificate.
    #[arg(long, value_name = "FILE", hide_short_help = true, global = true)]
    client_key: Option<OsString>,

    /// Certificates to trust the server by.
    #[arg(long, value_name = "FILE", hide_short_help = true, global = true)]
    certificate_authority: Option<OsString>,

    /// Do not check the server's certificate.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool, hide_short_help = true, global = true)]
    insecure_skip_tls_verify: Option<bool>,

    /// Name that the server's certificate must bear.
    #[arg(long, value_name = "NAME", hide_short_help = true, global = true)]
    tls_server_name: Option<String>,

    /// Proxy on the way to the server.
    #[arg(long, value_name = "URL", hide_short_help = true, global = true)]
    proxy_url: Option<String>,

    /// Time limit of each request: 5s, 2m; 0 is none.
    #[arg(long, value_name = "DURATION", global = true)]
    request_timeout: Option<String>,

    /// Ask for uncompressed answers.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool, hide_short_help = true, global = true)]
    disable_compression: Option<bool>,

    /// Where kubectl keeps what it knows of servers.
    #[arg(long, value_name = "DIR", hide_short_help = true, global = true)]
    cache_dir: Option<OsString>,

    /// User name.
    #[arg(long, value_name = "NAME", hide = true, global = true)]
    username: Option<String>,

    /// Password.
    #[arg(long, value_name = "PASSWORD", hide = true, global = true)]
    password: Option<String>,

    /// Kuberc file.
    #[arg(long, value_name = "FILE", hide = true, global = true)]
    kuberc: Option<OsString>,

    /// Say what is asked of the server: 6 and up.
    #[arg(short = 'v', long = "v", value_name = "LEVEL", hide_short_help = true, global = true)]
    verbosity: Option<i32>,
}

impl std::fmt::Debug for ConnectionFlags {
    /// Without values, some of which are secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectionFlags").finish_non_exhaustive()
    }
}

impl ConnectionFlags {
    /// What the command line says about the connection.
    ///
    /// `program` is how the program is called, `namespace` the value of `-n`; `stdin_taken` says
    /// that standard input is read as manifests. Fails if the time limit is none.
    pub fn options(
        &self,
        program: &str,
        namespace: Option<&str>,
        stdin_taken: bool,
    ) -> Result<ConnectOptions> {
        let path = |flag: &Option<OsString>| flag.as_ref().map(PathBuf::from);
        let mut options = ConnectOptions::new(program, yaml::single_document);
        options.kubeconfig = path(&self.kubeconfig);
        options.context.clone_from(&self.context);
        options.cluster.clone_from(&self.cluster);
        options.user.clone_from(&self.user);
        options.namespace = namespace.map(str::to_owned);
        options.server.clone_from(&self.server);
        options.tls_server_name.clone_from(&self.tls_server_name);
        options.proxy_url.clone_from(&self.proxy_url);
        options.insecure_skip_tls_verify = self.insecure_skip_tls_verify;
        options.certificate_authority = path(&self.certificate_authority);
        options.client_certificate = path(&self.client_certificate);
        options.client_key = path(&self.client_key);
        options.token.clone_from(&self.token);
        options.username.clone_from(&self.username);
        options.password.clone_from(&self.password);
        options.impersonate.clone_from(&self.impersonate);
        options.impersonate_uid.clone_from(&self.impersonate_uid);
        options.impersonate_groups.clone_from(&self.impersonate_groups);
        options.impersonate_extra.clone_from(&self.impersonate_extra);
        options.request_timeout = self.request_timeout.as_deref().map_or(Ok(None), timeout)?;
        options.cache_dir = path(&self.cache_dir);
        options.disable_compression = self.disable_compression;
        options.kuberc = path(&self.kuberc);
        let verbosity = self.verbosity.unwrap_or_default().clamp(0, i32::from(u8::MAX));
        options.verbosity = u8::try_from(verbosity).unwrap_or_default();
        options.stdin_taken = stdin_taken;
        Ok(options)
    }

    /// Prepares the connection that [`ConnectionFlags::options`] asks for. `style` is that of what
    /// is said about it on standard error.
    pub fn connect(
        &self,
        program: &str,
        namespace: Option<&str>,
        stdin_taken: bool,
        style: Style,
    ) -> Result<Connection> {
        let options = self.options(program, namespace, stdin_taken)?;
        let target = connect::resolve(&options)?;
        Connection::open(target, &options, Arc::new(StderrNotices::new(style)))
    }
}

/// A truth value as pflag reads it.
fn parse_bool(text: &str) -> std::result::Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("invalid syntax".to_owned()),
    }
}

/// A time limit as client-go's `ParseTimeout` reads it; zero and less is none.
fn timeout(text: &str) -> Result<Option<Duration>> {
    // Go has no value for a flag that was given empty, but the one that stands for none.
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.strip_prefix('+').unwrap_or(text);
    let seconds = digits.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = digits.parse::<i64>().ok().filter(|_| seconds);
    let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
    let limit = seconds.map(Duration::from_secs).or_else(|| duration::parse(text));
    let limit = limit.ok_or_else(|| {
        Error::usage(
            "Invalid timeout value. Timeout must be a single integer in seconds, or an integer \
             followed by a corresponding time unit (e.g. 1s | 2m | 3h)",
        )
        .hint("--request-timeout=30s gives each request half a minute; 0 sets no limit")
    })?;
    Ok(Some(limit).filter(|limit| !limit.is_zero()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        flags: ConnectionFlags,
        words: Vec<String>,
    }

    fn options(args: &[&str]) -> ConnectOptions {
        try_options(args).expect("the flags are right")
    }

    fn try_options(args: &[&str]) -> std::result::Result<ConnectOptions, String> {
        use clap::{CommandFactory as _, FromArgMatches as _};
        let args = std::iter::once("x").chain(args.iter().copied());
        let matches = Command::command().args_override_self(true).try_get_matches_from(args);
        let parsed = matches.and_then(|mut matches| Command::from_arg_matches_mut(&mut matches));
        let parsed = parsed.map_err(|error| error.to_string())?;
        drop(parsed.words);
        parsed.flags.options("kubectl x", None, false).map_err(|error| error.to_string())
    }

    #[test]
    fn truth_values_are_written_as_for_kubectl() {
        for (flags, value) in [
            (&[][..], None),
            (&["--insecure-skip-tls-verify"], Some(true)),
            (&["--insecure-skip-tls-verify=0"], Some(false)),
            (&["--insecure-skip-tls-verify=T", "word"], Some(true)),
            (&["--insecure-skip-tls-verify", "false"], Some(true)),
            (&["--insecure-skip-tls-verify", "--insecure-skip-tls-verify=false"], Some(false)),
        ] {
            assert_eq!(options(flags).insecure_skip_tls_verify, value, "{flags:?}");
        }
        assert!(try_options(&["--disable-compression=yes"]).is_err());
        assert_eq!(options(&["--disable-compression=False"]).disable_compression, Some(false));
    }

    #[test]
    fn groups_are_repeated_and_not_split() {
        let options = options(&["--as-group=a,b", "--as-group", "c", "--as-user-extra=k=v=w"]);
        assert_eq!(options.impersonate_groups, ["a,b", "c"]);
        assert_eq!(options.impersonate_extra, ["k=v=w"]);
    }

    #[test]
    fn the_last_of_repeated_flags_wins_and_empty_ones_are_given() {
        let options = options(&["--context=a", "word", "--context", "b", "--kubeconfig="]);
        assert_eq!(options.context.as_deref(), Some("b"));
        assert_eq!(options.kubeconfig, Some(PathBuf::new()));
    }

    #[test]
    fn verbosity_is_a_number_in_three_spellings() {
        for flags in [&["-v6"][..], &["-v=6"], &["-v", "6"], &["--v=6"], &["--v", "6"]] {
            assert_eq!(options(flags).verbosity, 6, "{flags:?}");
        }
        assert_eq!(options(&["-v=1000"]).verbosity, 255);
        assert!(try_options(&["-v"]).is_err());
    }

    #[test]
    fn time_limits_are_seconds_or_durations() {
        let seconds = |text: &str| {
            let flag = format!("--request-timeout={text}");
            options(&[&flag]).request_timeout.map(|limit| limit.as_secs_f64())
        };
        assert_eq!(seconds("5"), Some(5.0));
        assert_eq!(seconds("1.5s"), Some(1.5));
        assert_eq!(seconds("2m"), Some(120.0));
        assert_eq!([seconds("0"), seconds("0s"), seconds("-5s"), seconds("-0")], [None; 4]);
        for text in ["x", "5x", "1.5", "-5"] {
            let flag = format!("--request-timeout={text}");
            let error = try_options(&[&flag]).expect_err(text);
            assert!(error.starts_with("Invalid timeout value. Timeout must be"), "{error}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let flags = ConnectionFlags { token: Some("hidden".to_owned()), ..Default::default() };
        assert!(!format!("{flags:?}").contains("hidden"));
    }
}
