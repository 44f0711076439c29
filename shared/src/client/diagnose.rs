//! Why a first request has failed, and what to do: one line of cause, one hint.

use super::connect::Target;
use super::connect::target::Login;
use super::failure::{Failure, FailureKind};
use crate::model::error::Error;

/// Says what a failed first request means. The cause names the server; neither it nor the hint
/// holds a credential. For failures that say enough themselves, the server's words are the cause.
pub fn could_not_reach(failure: &Failure, target: &Target) -> Error {
    let server = &target.server;
    let message = peel(&failure.message);
    match failure.kind {
        // Nobody was asked: there are no credentials to ask with.
        FailureKind::Unauthorized if failure.status.is_none() => {
            Error::could_not_run(message).hint(log_in(target))
        }
        FailureKind::Unauthorized => {
            Error::could_not_run(format!("{server} does not accept the login of {}", who(target)))
                .hint(log_in(target))
        }
        FailureKind::Timeout => Error::could_not_run(message).hint(
            "is the server reachable from here (VPN, firewall)? --request-timeout sets the limit",
        ),
        FailureKind::Unreachable => unreachable(message, target),
        FailureKind::Broken
            if message.to_lowercase().contains("invalid http version")
                && server.starts_with("http:") =>
        {
            Error::could_not_run(format!("{server} does not speak plain HTTP"))
                .hint(format!("a server of TLS is written https://…; {}", source(target)))
        }
        FailureKind::Broken => {
            Error::could_not_run(format!("no usable answer from {server}: {message}"))
                .hint(format!("is it the address of the API server? {}", source(target)))
        }
        FailureKind::Forbidden => {
            Error::could_not_run(message).hint(format!("ask for this right for {}", who(target)))
        }
        // A named object, which the server knows the kind of.
        FailureKind::NotFound if message.ends_with(" not found") && message.contains('"') => {
            Error::could_not_run(message).hint("is it in this namespace, and in this cluster?")
        }
        FailureKind::NotFound => {
            Error::could_not_run(format!("{server} has no such path: {message}"))
                .hint(format!("is {server} the address of the API server? {}", source(target)))
        }
        FailureKind::TooManyRequests | FailureKind::Server => {
            Error::could_not_run(format!("{server} fails: {message}"))
                .hint("the server is overloaded or ill: try again later")
        }
        FailureKind::Expired
        | FailureKind::Conflict
        | FailureKind::Invalid
        | FailureKind::Refused => Error::could_not_run(format!("{server} refuses: {message}"))
            .hint(format!("is it the right cluster? {}", source(target))),
        // No server was asked.
        FailureKind::NotRecorded => Error::could_not_run(message),
    }
}

/// The message without the layers of the client, which say nothing to anybody.
fn peel(message: &str) -> &str {
    let message = message.strip_prefix("ServiceError: ").unwrap_or(message);
    match message.split_once("client error (") {
        Some(("", rest)) => rest.split_once("): ").map_or(message, |(_, rest)| rest),
        _ => message,
    }
}

/// What stands in the error chain of hyper and rustls.
fn unreachable(message: &str, target: &Target) -> Error {
    let server = &target.server;
    let text = message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["certificate", "unknownissuer"]) && !has(&["alert"]) {
        return certificate(&text, message, target);
    }
    if let Some(proxy) = &target.proxy
        && (has(&["tunnel", "proxy", "socks"]) || has(&["tcp connect", "dns error", "refused"]))
    {
        return Error::could_not_run(format!("proxy {proxy} does not lead to {server}: {message}"))
            .hint("see HTTPS_PROXY and NO_PROXY, or proxy-url in the kubeconfig");
    }
    let (cause, hint) = if has(&["dns error", "failed to lookup", "name or service not known"]) {
        (
            format!("no address found for {server}"),
            format!("is the name right, and the network (VPN) up? {}", source(target)),
        )
    } else if has(&["connection refused"]) {
        (
            format!("nothing listens at {server}: connection refused"),
            format!("is the cluster running? {}", source(target)),
        )
    } else if has(&["timed out", "timeout", "deadline"]) {
        (
            format!("no answer from {server} in time"),
            "is the server reachable from here (VPN, firewall)?".to_owned(),
        )
    } else if has(&["no route to host", "network is unreachable", "host is unreachable"]) {
        (
            format!("no way to {server}: network is unreachable"),
            "is the network (VPN) up?".to_owned(),
        )
    } else if has(&["corrupt message", "invalidcontenttype", "invalid content type"])
        && server.starts_with("https:")
    {
        (
            format!("{server} does not speak TLS"),
            format!("a server of plain HTTP is written http://…; {}", source(target)),
        )
    } else if has(&["alert"]) {
        (format!("{server} broke off the TLS handshake: {message}"), log_in(target))
    } else if has(&["connection reset", "connection closed", "unexpected eof", "broken pipe"]) {
        (
            format!("{server} closed the connection: {message}"),
            format!("is it the address of the API server? {}", source(target)),
        )
    } else if has(&["oidc", "oauth"]) {
        (format!("logging in has failed: {message}"), log_in(target))
    } else {
        (format!("cannot reach {server}: {message}"), source(target))
    };
    Error::could_not_run(cause).hint(hint)
}

fn certificate(text: &str, message: &str, target: &Target) -> Error {
    let server = &target.server;
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let (why, hint) = if has(&["notvalidforname", "not valid for name", "not valid for any names"])
    {
        ("is for another name", "use the name in the certificate, or give it as --tls-server-name")
    } else if has(&["notvalidyet", "not valid yet"]) {
        ("is not valid yet", "is the clock of this machine right?")
    } else if has(&["expired"]) {
        ("has expired", "renew it on the server; is the clock of this machine right?")
    } else if has(&["causedasendentity", "ca certificate used as end entity"]) {
        ("is one of an authority", "give the server a certificate of its own")
    } else if has(&["unknownissuer", "unknown issuer", "unknown authority"]) {
        (
            "is signed by an unknown authority",
            "is it the right cluster? its authority belongs into the kubeconfig, or into \
             --certificate-authority",
        )
    } else {
        let cause = format!("the certificate of {server} is not trusted: {message}");
        return Error::could_not_run(cause).hint(source(target));
    };
    Error::could_not_run(format!("the certificate of {server} {why}")).hint(hint)
}

fn who(target: &Target) -> String {
    match (&target.login, &target.user) {
        (Login::ServiceAccount, _) => "the pod's service account".to_owned(),
        (_, Some(user)) => format!("user {user:?}"),
        (_, None) => "this user".to_owned(),
    }
}

/// How to get valid credentials.
fn log_in(target: &Target) -> String {
    match &target.login {
        Login::Plugin(command) => {
            let name = command.rsplit(['/', '\\']).next().unwrap_or(command);
            format!("the login has expired or is not valid: log in again with {name}")
        }
        Login::Provider(name) => {
            format!("the login has expired or is not valid: log in again with {name}")
        }
        Login::Token => "the token has expired or is not valid: get a new one".to_owned(),
        Login::TokenFile(file) => {
            format!("the token in {file} has expired or is not valid: get a new one")
        }
        Login::Certificate => {
            "the client certificate has expired or is of another cluster: get a new kubeconfig"
                .to_owned()
        }
        Login::Password => "servers take no passwords any more: get a token".to_owned(),
        Login::ServiceAccount => {
            "the token of the service account is not valid any more".to_owned()
        }
        Login::None => "credentials are sent over https only: is the address right?".to_owned(),
    }
}

/// Where the address comes from.
fn source(target: &Target) -> String {
    format!("the address comes from {}", target.origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        let server = "https://cluster:6443";
        Target {
            config: kube::Config::new(http::Uri::from_static("https://cluster:6443")),
            context: Some("prod".to_owned()),
            user: Some("someone".to_owned()),
            server: server.to_owned(),
            origin: "context \"prod\"".to_owned(),
            proxy: None,
            login: Login::Plugin("/usr/bin/aws".to_owned()),
            namespace: "default".to_owned(),
            cache_dir: None,
        }
    }

    fn said(kind: FailureKind, message: &str, target: &Target) -> (String, String) {
        let answered = message == "Unauthorized";
        let status = answered.then_some(401);
        let failure = Failure { kind, message: message.to_owned(), status };
        let error = could_not_reach(&failure, target);
        assert_eq!(error.hints().len(), 1, "{error}");
        (error.to_string(), error.hints()[0].clone())
    }

    /// The messages are those of hyper and rustls.
    #[test]
    fn causes_are_told_apart() {
        for (message, cause) in [
            (
                "client error (Connect): tcp connect error: Connection refused (os error 111)",
                "nothing listens at https://cluster:6443: connection refused",
            ),
            (
                "client error (Connect): dns error: failed to lookup address information: Name or \
                 service not known",
                "no address found for https://cluster:6443",
            ),
            (
                "client error (Connect): invalid peer certificate: UnknownIssuer",
                "the certificate of https://cluster:6443 is signed by an unknown authority",
            ),
            (
                "client error (Connect): invalid peer certificate: certificate not valid for name \
                 \"cluster\"; certificate is only valid for DnsName(\"other.example\")",
                "the certificate of https://cluster:6443 is for another name",
            ),
            (
                "client error (Connect): invalid peer certificate: certificate expired: \
                 verification time 1 (UNIX), but certificate is not valid after 0",
                "the certificate of https://cluster:6443 has expired",
            ),
            (
                "client error (Connect): invalid peer certificate: \
                 Other(OtherError(CaUsedAsEndEntity))",
                "the certificate of https://cluster:6443 is one of an authority",
            ),
            (
                "client error (Connect): received corrupt message of type InvalidContentType",
                "https://cluster:6443 does not speak TLS",
            ),
            (
                "client error (Connect): connect timed out",
                "no answer from https://cluster:6443 in time",
            ),
            (
                "client error (SendRequest): received fatal alert: CertificateRequired",
                "https://cluster:6443 broke off the TLS handshake: received fatal alert: \
                 CertificateRequired",
            ),
            ("something else", "cannot reach https://cluster:6443: something else"),
        ] {
            let message = format!("ServiceError: {message}");
            let (found, hint) = said(FailureKind::Unreachable, &message, &target());
            assert_eq!(found, cause, "{hint}");
        }
    }

    #[test]
    fn a_proxy_is_named_when_it_is_in_the_way() {
        let proxied = Target { proxy: Some("http://proxy:3128".to_owned()), ..target() };
        let message = "client error (Connect): tunnel error: failed to create underlying \
                       connection: tcp connect error: Connection refused (os error 111)";
        let (cause, _) = said(FailureKind::Unreachable, message, &proxied);
        assert!(cause.starts_with("proxy http://proxy:3128 does not lead to https://"), "{cause}");
        let message = "client error (Connect): invalid peer certificate: UnknownIssuer";
        let (cause, _) = said(FailureKind::Unreachable, message, &proxied);
        assert!(cause.starts_with("the certificate of"), "{cause}");
    }

    #[test]
    fn an_expired_login_says_how_to_log_in() {
        let (cause, hint) = said(FailureKind::Unauthorized, "Unauthorized", &target());
        let words = "https://cluster:6443 does not accept the login of user \"someone\"";
        assert_eq!(cause, words);
        assert_eq!(hint, "the login has expired or is not valid: log in again with aws");
        let message = "getting credentials: OIDC gave no token";
        let (cause, _) = said(FailureKind::Unauthorized, message, &target());
        assert_eq!(cause, message);
        for login in [Login::Token, Login::Certificate, Login::ServiceAccount, Login::None] {
            said(FailureKind::Unauthorized, "Unauthorized", &Target { login, ..target() });
        }
    }
}
