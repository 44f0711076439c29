//! The bare download of what a command reads: the same lists in pages of the same size, one after
//! the other over one connection that is kept, nothing of them looked at but the token of the next
//! page. Nobody who reads pages in turn can be faster.

use std::fs;
use std::io::Read;

use flate2::read::GzDecoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, http};

/// Every kind that carries pods.
const WORKLOADS: [&str; 9] = [
    "/api/v1/pods",
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/replicasets",
    "/apis/apps/v1/statefulsets",
    "/apis/apps/v1/daemonsets",
    "/apis/batch/v1/jobs",
    "/apis/batch/v1/cronjobs",
    "/api/v1/replicationcontrollers",
    "/api/v1/podtemplates",
];

/// What `kubectl pss check ns` reads beside them.
const FOR_PSS: [&str; 1] = ["/api/v1/namespaces"];

/// What `kubectl seccomp check -A` reads beside them: what a cluster has that nothing was installed
/// in. Of Namespaces it wants the metadata alone.
const FOR_SECCOMP: [&str; 5] = [
    "/api/v1/nodes",
    "/api/v1/namespaces",
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
    "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
];

/// Whose lists are downloaded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lists {
    /// Those of `kubectl pss check ns`.
    Pss,
    /// Those of `kubectl seccomp check -A`.
    Seccomp,
}

impl Lists {
    /// The word for it on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pss => "pss",
            Self::Seccomp => "seccomp",
        }
    }

    /// Reads that word.
    fn read(text: &str) -> Result<Self, String> {
        let of = |lists: &Self| lists.as_str() == text;
        let known = [Self::Pss, Self::Seccomp].into_iter().find(of);
        known.ok_or_else(|| format!("{text}: neither pss nor seccomp"))
    }

    fn paths(self) -> impl Iterator<Item = &'static str> {
        let beside: &[&str] = match self {
            Self::Pss => &FOR_PSS,
            Self::Seccomp => &FOR_SECCOMP,
        };
        beside.iter().chain(&WORKLOADS).copied()
    }
}

/// The size of a page, as kubectl has it and we do.
const PAGE: usize = 500;

/// How much is read at once.
const BUFFER: usize = 1 << 18;

/// In how much of a page its token is found: the metadata of a list come before its items.
const HEAD: usize = 1 << 13;

/// What came.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Downloaded {
    /// Pages of lists.
    pub pages: usize,
    /// Bytes of bodies, as they came.
    pub bytes: usize,
}

/// Downloads everything and prints what came. `lists` is `pss` or `seccomp`, `coding` is `gzip` or
/// `identity`.
#[expect(clippy::print_stdout, reason = "the parent process reads it")]
pub(crate) fn print(lists: &str, kubeconfig: &str, coding: &str) -> Result<(), String> {
    let downloaded = Server::of(kubeconfig)?.download(Lists::read(lists)?, coding)?;
    println!("{}", serde_json::to_string(&downloaded).map_err(|error| error.to_string())?);
    Ok(())
}

/// Whom to ask, and as whom.
struct Server {
    agent: Agent,
    url: String,
    token: String,
}

impl Server {
    /// What a test cluster's kubeconfig says, which is JSON.
    fn of(kubeconfig: &str) -> Result<Self, String> {
        let text = fs::read(kubeconfig).map_err(|error| format!("{kubeconfig}: {error}"))?;
        let config: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        let text = |pointer: &str| {
            let value = config.pointer(pointer).and_then(Value::as_str);
            value.map(str::to_owned).ok_or_else(|| format!("{kubeconfig}: no {pointer}"))
        };
        let pem = fs::read(text("/clusters/0/cluster/certificate-authority")?)
            .map_err(|error| error.to_string())?;
        let certificates: Vec<Certificate<'static>> = ureq::tls::parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        let provider = rustls::crypto::ring::default_provider();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::from(certificates))
            .unversioned_rustls_crypto_provider(provider.into())
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .max_redirects(0)
            .max_idle_connections(1)
            .input_buffer_size(BUFFER)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            url: text("/clusters/0/cluster/server")?,
            token: text("/users/0/user/token")?,
        })
    }

    fn download(&self, lists: Lists, coding: &str) -> Result<Downloaded, String> {
        let mut downloaded = Downloaded::default();
        for list in lists.paths() {
            let mut token = String::new();
            loop {
                token = self.page(list, coding, &token, &mut downloaded)?;
                if token.is_empty() {
                    break;
                }
            }
        }
        Ok(downloaded)
    }

    /// Reads a page and throws it away; returns the token of the next.
    fn page(
        &self,
        list: &str,
        coding: &str,
        token: &str,
        downloaded: &mut Downloaded,
    ) -> Result<String, String> {
        let next = if token.is_empty() { String::new() } else { format!("&continue={token}") };
        let target = format!("{}{list}?limit={PAGE}{next}", self.url);
        let failed = |error: &dyn std::fmt::Display| format!("{list}: {error}");
        let request = http::Request::get(target)
            .header("Accept", "application/json")
            .header("Accept-Encoding", coding)
            .header("Authorization", format!("Bearer {}", self.token))
            .body(())
            .map_err(|error| failed(&error))?;
        let response = self.agent.run(request).map_err(|error| failed(&error))?;
        let is_gzip = response.headers().get("Content-Encoding").is_some();
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; BUFFER];
        // The beginning, as it came: of a compressed page more than its token needs.
        let mut filled = 0;
        while filled < HEAD {
            match body.read(&mut buffer[filled..]).map_err(|error| failed(&error))? {
                0 => break,
                read => filled += read,
            }
        }
        let token = token_of(&buffer[..filled], is_gzip);
        loop {
            downloaded.bytes += filled;
            filled = body.read(&mut buffer).map_err(|error| failed(&error))?;
            if filled == 0 {
                break;
            }
        }
        downloaded.pages += 1;
        Ok(token)
    }
}

/// The token in the beginning of a page; empty if it is the last.
fn token_of(beginning: &[u8], is_gzip: bool) -> String {
    let mut head = Vec::new();
    if is_gzip {
        // It ends in the middle of a page, which is no news.
        let limit = u64::try_from(HEAD).unwrap_or(u64::MAX);
        drop(GzDecoder::new(beginning).take(limit).read_to_end(&mut head));
    } else {
        head.extend_from_slice(&beginning[..beginning.len().min(HEAD)]);
    }
    let head = String::from_utf8_lossy(&head);
    let metadata = head.split("\"items\"").next().unwrap_or_default();
    let token = metadata.split_once("\"continue\":\"").map(|(_, rest)| rest);
    token.and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_that_of_the_list() {
        let page =
            br#"{"kind":"PodList","metadata":{"resourceVersion":"1","continue":"abc"},"items":["#;
        assert_eq!(token_of(page, false), "abc");
        let last =
            br#"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[{"continue":"x"}]}"#;
        assert_eq!(token_of(last, false), "");
    }
}
