//! Our own connection to a cluster, as the plugins open it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use posture::client::connect::{self, ConnectOptions};
use posture::client::connection::Connection;
use posture::client::list::List;
use posture::client::notices::Notices;
use posture::client::resource::Resource;
use posture::input::yaml;

/// What a connection has said.
#[derive(Debug, Default)]
pub struct Heard {
    warnings: Mutex<Vec<String>>,
    lines: Mutex<Vec<String>>,
}

impl Heard {
    /// The server's warnings.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What `-v` has shown.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Notices for Heard {
    fn warning(&self, text: &str) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
    }

    fn log(&self, line: &str) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
    }
}

/// Opens a connection by a kubeconfig, with a limit for each request and a level of `-v`; beside
/// it, what it says.
///
/// # Panics
/// If the kubeconfig cannot be used.
pub fn open(
    kubeconfig: &Path,
    timeout: Option<Duration>,
    verbosity: u8,
) -> (Connection, Arc<Heard>) {
    let mut options = ConnectOptions::new("kubectl pss", yaml::single_document);
    options.kubeconfig = Some(kubeconfig.to_owned());
    options.request_timeout = timeout;
    options.verbosity = verbosity;
    let target = connect::resolve(&options).expect("the kubeconfig is good");
    let heard = Arc::new(Heard::default());
    let connection = Connection::open(target, &options, Arc::clone(&heard) as Arc<dyn Notices>)
        .expect("nothing is dialled yet");
    (connection, heard)
}

/// A list of pods, in pages of so many.
pub fn pods(namespace: Option<&str>, page: usize) -> List {
    let resource = Resource::new("", "v1", "pods", "Pod", true);
    List { page, ..List::of(resource, namespace) }
}
