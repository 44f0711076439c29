//! Which proxy a server is reached through: `proxy-url` outright, else what Go's
//! `golang.org/x/net/http/httpproxy` makes of `HTTP_PROXY`, `HTTPS_PROXY` and
//! `NO_PROXY`.

use std::net::IpAddr;

use http::Uri;

use super::environment::Environment;
use super::server::Server;

/// The schemes that a proxy may have.
const SCHEMES: [&str; 3] = ["http", "https", "socks5"];

/// Reads a `proxy-url`. Fails without its text, which may hold a password.
pub(super) fn parse_configured(text: &str) -> Result<Uri, String> {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
    if !SCHEMES.contains(&scheme.as_str()) {
        return Err(format!("unsupported scheme {scheme:?}, must be http, https, or socks5"));
    }
    parse(text).ok_or_else(|| "could not parse it".to_owned())
}

/// The proxy for a server, if it needs one.
pub(super) fn of(
    server: &Server,
    configured: &str,
    env: &Environment,
) -> Result<Option<Uri>, String> {
    if !configured.is_empty() {
        return parse_configured(configured).map(Some);
    }
    let any = |names: [&str; 2]| names.into_iter().find_map(|name| env.text(name));
    let proxy = if server.is_tls() {
        any(["HTTPS_PROXY", "https_proxy"])
    } else {
        any(["HTTP_PROXY", "http_proxy"])
    };
    let Some(proxy) = proxy.and_then(parse_lenient) else { return Ok(None) };
    if !server.is_tls() && env.get("REQUEST_METHOD").is_some() {
        return Err("refusing to use HTTP_PROXY value in CGI environment".to_owned());
    }
    let host = server.uri.host().unwrap_or_default();
    let port = server.uri.port_u16().unwrap_or(if server.is_tls() { 443 } else { 80 });
    let exempt = any(["NO_PROXY", "no_proxy"]).unwrap_or_default();
    Ok(needs_proxy(host, port, exempt).then_some(proxy))
}

/// An address as it may be shown: without user name and password.
pub(super) fn shown(proxy: &Uri) -> String {
    let host = proxy.authority().map_or("", |authority| authority.as_str());
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{}://{host}", proxy.scheme_str().unwrap_or_default())
}

/// A proxy as the environment may name it: `host:port` means HTTP, and what is no address is none.
fn parse_lenient(text: &str) -> Option<Uri> {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
    let is_known = SCHEMES.contains(&scheme.as_str()) || scheme == "socks5h";
    if is_known { parse(text) } else { parse(&format!("http://{text}")) }
}

fn parse(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    if uri.host().is_none_or(str::is_empty) {
        return None;
    }
    let is_socks = matches!(uri.scheme_str(), Some("socks5" | "socks5h"));
    if is_socks && uri.port().is_none() {
        // Whoever dials knows the ports of HTTP alone.
        return format!("socks5://{}:1080", uri.authority()?).parse().ok();
    }
    if uri.scheme_str() == Some("socks5h") {
        // The proxy resolves names either way.
        return format!("socks5://{}", uri.authority()?).parse().ok();
    }
    Some(uri)
}

/// Whether a host is reached through the proxy: loopback never is, nor what `NO_PROXY` lists.
fn needs_proxy(host: &str, port: u16, exempt: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host == "localhost" {
        return false;
    }
    let host = host.trim().to_lowercase();
    let address = host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    if address.is_some_and(|address| address.is_loopback()) {
        return false;
    }
    !exempt.split(',').any(|entry| exempts(&entry.trim().to_lowercase(), &host, port, address))
}

/// Whether an entry of `NO_PROXY` means a host.
fn exempts(entry: &str, host: &str, port: u16, address: Option<IpAddr>) -> bool {
    if entry.is_empty() {
        return false;
    }
    if entry == "*" {
        return true;
    }
    if let Some(range) = Range::parse(entry) {
        return address.is_some_and(|address| range.contains(address));
    }
    let (name, wanted) = split_port(entry);
    let port_fits = wanted.is_none_or(|wanted| wanted.is_empty() || wanted == port.to_string());
    if let Ok(listed) = name.parse::<IpAddr>() {
        return port_fits && address == Some(listed.to_canonical());
    }
    let name = if name.starts_with("*.") { &name[1..] } else { name };
    match name.strip_prefix('.') {
        None if name.is_empty() => false,
        // A leading dot leaves out the domain itself.
        Some(_) => port_fits && host.ends_with(name),
        None => port_fits && (host == name || host.ends_with(&format!(".{name}"))),
    }
}

/// Host and port as Go's `net.SplitHostPort` sees them; what it refuses is a host alone.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    if let Some(rest) = entry.strip_prefix('[') {
        return match rest.split_once("]:") {
            Some((host, port)) if !port.contains([':', '[', ']']) => (host, Some(port)),
            _ => (entry, None),
        };
    }
    match entry.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        _ => (entry, None),
    }
}

/// Addresses with a common prefix: `10.0.0.0/8`.
struct Range {
    address: IpAddr,
    bits: u32,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let bits: u32 = bits.parse().ok()?;
        (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some(Self { address, bits })
    }

    fn contains(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(range), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
                range.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(range), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
                range.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases of Go's httpproxy: host, port and what `NO_PROXY` says.
    #[test]
    fn no_proxy_is_matched_on_the_server() {
        for (host, port, exempt, direct) in [
            ("localhost", 80, "", true),
            ("127.0.0.1", 80, "", true),
            ("127.0.0.2", 80, "", true),
            ("[::1]", 80, "", true),
            ("example.com", 80, "", false),
            ("example.com", 80, "example.com", true),
            ("www.example.com", 80, "example.com", true),
            ("notexample.com", 80, "example.com", false),
            ("example.com", 80, ".example.com", false),
            ("www.example.com", 80, ".example.com", true),
            ("www.example.com", 80, "*.example.com", true),
            ("example.com", 80, "*.example.com", false),
            ("EXAMPLE.com", 80, "example.COM", true),
            ("example.com", 443, "example.com:443", true),
            ("example.com", 6443, "example.com:443", false),
            ("example.com", 6443, "*", true),
            ("example.com", 6443, "other, *", true),
            ("example.com", 80, "other,,example.com,", true),
            ("10.1.2.3", 6443, "10.0.0.0/8", true),
            ("11.1.2.3", 6443, "10.0.0.0/8", false),
            ("10.1.2.3", 6443, "0.0.0.0/0", true),
            ("10.1.2.3", 6443, "10.1.2.3", true),
            ("10.1.2.3", 6443, "10.1.2.3:6443", true),
            ("10.1.2.3", 6443, "10.1.2.3:443", false),
            ("[2001:db8::52:0:1]", 80, "[2001:db8::52:0:1]:80", true),
            ("[2001:db8::52:0:1]", 80, "2001:db8::52:0:1", true),
            ("[2001:db8::52:0:2]", 80, "2001:db8::52:0:1", false),
            ("[2001:db8::52:0:2]", 80, "2001:db8::/32", true),
            ("example.com", 80, ":80", false),
        ] {
            assert_eq!(!needs_proxy(host, port, exempt), direct, "{host}:{port} {exempt}");
        }
    }

    #[test]
    fn proxies_are_read_as_go_reads_them() {
        let lenient = |text: &str| parse_lenient(text).map(|uri| uri.to_string());
        assert_eq!(lenient("proxy:3128").as_deref(), Some("http://proxy:3128/"));
        assert_eq!(lenient("https://proxy").as_deref(), Some("https://proxy/"));
        assert_eq!(lenient("socks5://proxy").as_deref(), Some("socks5://proxy:1080/"));
        assert_eq!(lenient(" "), None);
        assert!(parse_configured("http://proxy").is_ok());
        for text in ["proxy:3128", "socks4://proxy", "http://", "ftp://u:hidden@proxy"] {
            let why = parse_configured(text).expect_err(text);
            assert!(!why.contains("hidden"), "{why}");
        }
        let uri = parse("http://u:hidden@proxy:1").expect("valid");
        assert_eq!(shown(&uri), "http://proxy:1");
    }
}
