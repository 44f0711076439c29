//! Servers, proxies and certificates of one case, and the two programs run in it.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use posture_harness::recorder::proxy::{Protocol, Proxy};
use posture_harness::recorder::{Authority, Identity, Recorder, Tls};
use posture_harness::{binary, judge};
use tempfile::TempDir;

use super::case::{Case, SERVERS, Server};
use super::outcome::{Caller, Outcome, class, split};
use super::process::{self, Ended};

/// Where a credential plugin of a case notes what it was told.
const LOG: &str = "plugin.log";

/// Whom every case knows.
struct Certificates {
    authority: Authority,
    stranger: Authority,
    server: Identity,
    strange_server: Identity,
    ann: Identity,
    bob: Identity,
}

static CERTIFICATES: LazyLock<Certificates> = LazyLock::new(|| {
    let authority = Authority::new("recorder's authority");
    let stranger = Authority::new("stranger");
    let outside = outside().map(|address| address.to_string());
    let mut names = vec!["127.0.0.1", "localhost", "recorder.test", "api.recorder.test"];
    names.extend(outside.as_deref());
    Certificates {
        server: authority.server(&names),
        strange_server: stranger.server(&names),
        ann: authority.client("ann"),
        bob: authority.client("bob"),
        authority,
        stranger,
    }
});

/// Which of the two programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The judge.
    Kubectl,
    /// Ours.
    Ours,
}

/// What surrounds a case.
#[derive(Debug)]
pub struct World {
    servers: Vec<(Server, Recorder)>,
    proxy: Proxy,
    socks: Proxy,
    dead: u16,
}

/// An address of this machine that others see, if it has one.
pub fn outside() -> Option<IpAddr> {
    // Nothing is sent: the system only says which address it would send from.
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

impl World {
    /// Starts the servers of a case.
    ///
    /// # Panics
    /// If there are no ports left.
    pub fn new(case: &Case) -> Self {
        let tls = |identity: &Identity| Tls { identity: identity.clone(), asks: true };
        let start = |server: Server| {
            let own = &CERTIFICATES.server;
            match server {
                Server::A | Server::B => Some(Recorder::start(Some(&tls(own)), Vec::new())),
                Server::Stranger => {
                    Some(Recorder::start(Some(&tls(&CERTIFICATES.strange_server)), Vec::new()))
                }
                Server::Plain => Some(Recorder::start(None, Vec::new())),
                Server::Outside => outside()
                    .map(|address| Recorder::start_at(address, Some(&tls(own)), Vec::new())),
            }
        };
        let servers =
            SERVERS.into_iter().filter_map(|server| Some((server, start(server)?))).collect();
        // A port that was free a moment ago and that nobody else is given so soon.
        let dead = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let world = Self {
            servers,
            proxy: Proxy::start(Protocol::Http),
            socks: Proxy::start(Protocol::Socks),
            dead: dead.expect("a port").port(),
        };
        world.rule(case);
        world
    }

    /// Gives each server the case's rules anew.
    fn rule(&self, case: &Case) {
        for (server, recorder) in &self.servers {
            let own = case.rules.iter().filter(|(of, _)| of == server);
            recorder.rule(own.map(|(_, rule)| rule.clone()).collect());
        }
    }

    /// Runs one of the programs in a new home folder with the case's files.
    ///
    /// # Panics
    /// If the home folder cannot be written.
    pub fn run(&self, program: Program, case: &Case) -> (Outcome, Ended) {
        let home = TempDir::new().expect("a temporary folder");
        let home = home.path();
        self.write(home, case);
        self.rule(case);
        let fill = |text: &str| self.fill(text, home);
        let env: Vec<(String, String)> =
            case.env.iter().map(|(name, value)| ((*name).to_owned(), fill(value))).collect();
        let (path, verb) = match program {
            Program::Kubectl => (judge::kubectl(), "get"),
            Program::Ours => (binary::path("kubectl-pss"), "check"),
        };
        let arguments: Vec<String> = std::iter::once(verb.to_owned())
            .chain(case.arguments.iter().map(|argument| fill(argument)))
            .collect();
        let ended = process::run(&path, &arguments, home, &env, case.input);
        (self.outcome(program, case, &ended, home), ended)
    }

    fn write(&self, home: &Path, case: &Case) {
        let certificates = &*CERTIFICATES;
        let fixed = [
            ("ca.pem", certificates.authority.pem()),
            ("stranger.pem", certificates.stranger.pem()),
            ("ann.pem", certificates.ann.certificate_pem()),
            ("ann.key", certificates.ann.key_pem()),
            ("bob.pem", certificates.bob.certificate_pem()),
            ("bob.key", certificates.bob.key_pem()),
        ];
        let write = |path: PathBuf, text: &str, program: bool| {
            fs::create_dir_all(path.parent().expect("it is below the home folder"))
                .and_then(|()| fs::write(&path, text))
                .and_then(|()| {
                    let mode = if program { 0o755 } else { 0o600 };
                    fs::set_permissions(&path, fs::Permissions::from_mode(mode))
                })
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        };
        for (name, text) in fixed {
            write(home.join(name), &text, false);
        }
        for file in &case.files {
            write(home.join(&file.path), &self.fill(&file.text, home), file.program);
        }
    }

    /// Puts what is the run's own into a text: `@A@` the URL of a server, `@A_PORT@` its port,
    /// `@CA_DATA@` a certificate in base64, `@HOME@` …
    pub fn fill(&self, text: &str, home: &Path) -> String {
        if !text.contains('@') {
            return text.to_owned();
        }
        let certificates = &*CERTIFICATES;
        let json = |text: String| text.replace('\n', "\\n");
        let mut places = vec![
            ("@HOME@".to_owned(), home.display().to_string()),
            ("@CA_DATA@".to_owned(), STANDARD.encode(certificates.authority.pem())),
            ("@STRANGER_DATA@".to_owned(), STANDARD.encode(certificates.stranger.pem())),
            ("@CERT_DATA@".to_owned(), STANDARD.encode(certificates.ann.certificate_pem())),
            ("@KEY_DATA@".to_owned(), STANDARD.encode(certificates.ann.key_pem())),
            ("@CERT_JSON@".to_owned(), json(certificates.ann.certificate_pem())),
            ("@KEY_JSON@".to_owned(), json(certificates.ann.key_pem())),
            ("@PROXY@".to_owned(), self.proxy.url()),
            ("@PROXY_ADDRESS@".to_owned(), self.proxy.address()),
            ("@SOCKS@".to_owned(), self.socks.url()),
            ("@SOCKS_ADDRESS@".to_owned(), self.socks.address()),
            ("@DEAD@".to_owned(), format!("https://127.0.0.1:{}", self.dead)),
            ("@DEAD_ADDRESS@".to_owned(), format!("127.0.0.1:{}", self.dead)),
        ];
        for (server, recorder) in &self.servers {
            let name = format!("{server:?}").to_uppercase();
            places.push((format!("@{name}_PORT@"), recorder.port().to_string()));
            places.push((format!("@{name}@"), recorder.url()));
        }
        places
            .into_iter()
            .fold(text.to_owned(), |text, (place, value)| text.replace(&place, &value))
    }

    fn outcome(&self, program: Program, case: &Case, ended: &Ended, home: &Path) -> Outcome {
        let (mut callers, mut lists) = (BTreeSet::new(), BTreeSet::new());
        let plural = match case.arguments[0].as_str() {
            "ns" => "namespaces",
            plural => plural,
        };
        for (server, recorder) in &self.servers {
            for seen in recorder.take() {
                let certificate = seen.certificate.as_deref().map(|certificate| {
                    let known = [("ann", &CERTIFICATES.ann), ("bob", &CERTIFICATES.bob)];
                    let whose = known.iter().find(|(_, identity)| identity.is(certificate));
                    whose.map_or("somebody", |(name, _)| name).to_owned()
                });
                let (_, path) = split(&seen.target);
                if path.ends_with(&format!("/{plural}")) {
                    let path = seen.target.split('?').next().unwrap_or_default();
                    lists.insert((*server, path.to_owned()));
                }
                callers.insert(Caller::new(*server, &seen, certificate));
            }
        }
        let log = fs::read_to_string(home.join(LOG)).unwrap_or_default();
        let log = log.replace(&home.display().to_string(), "~");
        let good = match program {
            Program::Kubectl => ended.code == Some(0),
            Program::Ours => matches!(ended.code, Some(0 | 1 | 4)),
        };
        Outcome {
            failed: (!good).then(|| class(&ended.stderr)),
            callers,
            lists,
            proxies: self.proxy.take().into_iter().chain(self.socks.take()).collect(),
            plugin: log.lines().filter(|line| !line.is_empty()).map(canonical).collect(),
        }
    }
}

/// JSON in the order of its keys, anything else as it is.
fn canonical(line: &str) -> String {
    serde_json::from_str::<serde_json::Value>(line)
        .map_or_else(|_| line.to_owned(), |value| value.to_string())
}
