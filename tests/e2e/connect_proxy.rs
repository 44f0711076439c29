//! Proxies: through which one kubectl goes, and for what.
#![cfg(test)]

use posture_e2e::connect::case::{A, Case, Server, config, fails, reaches};
use posture_e2e::connect::table;

/// A server by a name that only a proxy can resolve.
const NAMED: &str =
    "server: \"https://api.recorder.test:@A_PORT@\", certificate-authority-data: @CA_DATA@";

/// A server at an address of this machine that is not its own loop.
const OUTSIDE: &str = "server: @OUTSIDE@, certificate-authority-data: @CA_DATA@";

/// How kube speaks to a proxy, with TLS or without.
const CONNECTS: &str = "it is asked to connect, not for the URL";

fn named(name: &'static str) -> Case {
    reaches(Server::A, name).config(config(NAMED, "token: t", ""))
}

fn outside(name: &'static str) -> Case {
    reaches(Server::Outside, name).config(config(OUTSIDE, "token: t", ""))
}

fn proxied(proxy: &str, name: &'static str) -> Case {
    let cluster = format!("{NAMED}, proxy-url: \"{proxy}\"");
    reaches(Server::A, name).config(config(&cluster, "token: t", ""))
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<Case> {
    let plain = config("server: \"http://api.recorder.test:@PLAIN_PORT@\"", "token: t", "");
    vec![
        named("HTTPS_PROXY").env("HTTPS_PROXY", "@PROXY@"),
        named("https_proxy").env("https_proxy", "@PROXY@"),
        named("a proxy without a scheme").env("HTTPS_PROXY", "@PROXY_ADDRESS@"),
        named("a proxy with a slash").env("HTTPS_PROXY", "@PROXY@/"),
        named("a proxy with a password")
            .env("HTTPS_PROXY", "http://joe:canary-99@@PROXY_ADDRESS@")
            .secret("canary-99"),
        named("a proxy with an escaped password")
            .env("HTTPS_PROXY", "http://joe:a%40b%3Ac@@PROXY_ADDRESS@"),
        named("HTTPS_PROXY before https_proxy")
            .env("HTTPS_PROXY", "@PROXY@")
            .env("https_proxy", "http://@DEAD_ADDRESS@"),
        fails("", "HTTP_PROXY is not for TLS")
            .config(config(NAMED, "token: t", ""))
            .env("HTTP_PROXY", "@PROXY@"),
        fails("", "ALL_PROXY is nobody's")
            .config(config(NAMED, "token: t", ""))
            .env("ALL_PROXY", "@PROXY@"),
        reaches(Server::Plain, "HTTP_PROXY without TLS")
            .config(plain.clone())
            .env("HTTP_PROXY", "@PROXY@")
            .known(CONNECTS),
        reaches(Server::Plain, "http_proxy without TLS")
            .config(plain.clone())
            .env("http_proxy", "@PROXY@")
            .known(CONNECTS),
        fails("", "HTTPS_PROXY is for TLS alone").config(plain).env("HTTPS_PROXY", "@PROXY@"),
        named("SOCKS by the environment").env("HTTPS_PROXY", "@SOCKS@"),
        named("SOCKS with names resolved there").env("HTTPS_PROXY", "socks5h://@SOCKS_ADDRESS@"),
        fails("", "a proxy that nobody is")
            .config(config(NAMED, "token: t", ""))
            .env("HTTPS_PROXY", "http://@DEAD_ADDRESS@"),
        reaches(Server::A, "an address of one's own needs no proxy")
            .config(config(A, "token: t", ""))
            .env("HTTPS_PROXY", "@PROXY@"),
        reaches(Server::A, "localhost needs no proxy")
            .config(config(
                "server: \"https://localhost:@A_PORT@\", certificate-authority-data: @CA_DATA@",
                "token: t",
                "",
            ))
            .env("HTTPS_PROXY", "@PROXY@"),
        fails("no such host", "NO_PROXY with the host")
            .config(config(NAMED, "token: t", ""))
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", "api.recorder.test"),
        fails("no such host", "NO_PROXY with a domain")
            .config(config(NAMED, "token: t", ""))
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", "recorder.test"),
        fails("no such host", "NO_PROXY with a dot")
            .config(config(NAMED, "token: t", ""))
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", ".recorder.test"),
        fails("no such host", "NO_PROXY with everything")
            .config(config(NAMED, "token: t", ""))
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", "*"),
        fails("no such host", "no_proxy")
            .config(config(NAMED, "token: t", ""))
            .env("HTTPS_PROXY", "@PROXY@")
            .env("no_proxy", "api.recorder.test"),
        fails("no such host", "NO_PROXY with the port")
            .config(config(NAMED, "token: t", ""))
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", "api.recorder.test:@A_PORT@"),
        fails("no such host", "NO_PROXY in capitals")
            .config(config(NAMED, "token: t", ""))
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", "API.Recorder.TEST"),
        fails("no such host", "NO_PROXY with a star")
            .config(config(NAMED, "token: t", ""))
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", "*.recorder.test"),
        named("NO_PROXY with another port")
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", "api.recorder.test:1"),
        named("NO_PROXY with the end of a name")
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", "corder.test"),
        named("NO_PROXY with a subdomain")
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", "x.api.recorder.test"),
        named("NO_PROXY with a comma at its end")
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", "other.test,"),
        named("NO_PROXY with the proxy itself")
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", "127.0.0.1"),
        named("NO_PROXY with nothing but spaces")
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", " , ,"),
        outside("an address goes through the proxy")
            .env("HTTPS_PROXY", "http://@DEAD_ADDRESS@")
            .env("NO_PROXY", "0.0.0.0/0"),
        outside("NO_PROXY with a range of addresses")
            .env("HTTPS_PROXY", "@PROXY@")
            .env("NO_PROXY", "other.test, 0.0.0.0/1,128.0.0.0/1"),
        proxied("@PROXY@", "proxy-url"),
        proxied("@SOCKS@", "proxy-url with SOCKS"),
        proxied("socks5://joe:secret@@SOCKS_ADDRESS@", "proxy-url with SOCKS and a password")
            .known("the password is not sent"),
        proxied("@PROXY@", "proxy-url before HTTPS_PROXY")
            .env("HTTPS_PROXY", "http://@DEAD_ADDRESS@"),
        proxied("@PROXY@", "proxy-url in spite of NO_PROXY").env("NO_PROXY", "*"),
        reaches(Server::A, "proxy-url for an address of one's own").config(config(
            &format!("{A}, proxy-url: @PROXY@"),
            "token: t",
            "",
        )),
        fails("proxy", "proxy-url that is none").config(config(
            &format!("{NAMED}, proxy-url: \"ftp://x\""),
            "token: t",
            "",
        )),
        fails("proxy", "proxy-url without a scheme").config(config(
            &format!("{NAMED}, proxy-url: \"@PROXY_ADDRESS@\""),
            "token: t",
            "",
        )),
        reaches(Server::A, "--proxy-url")
            .config(config(NAMED, "token: t", ""))
            .flags("--proxy-url @PROXY@"),
        proxied("http://@DEAD_ADDRESS@", "--proxy-url over the file's")
            .flags("--proxy-url @SOCKS@"),
        reaches(Server::Plain, "proxy-url without TLS")
            .config(config(
                "server: \"http://api.recorder.test:@PLAIN_PORT@\", proxy-url: @PROXY@",
                "token: t",
                "",
            ))
            .known(CONNECTS),
    ]
}

#[test]
fn proxies_are_those_of_kubectl() {
    table::hold(&cases()).record("connect_proxy", "proxies");
}
