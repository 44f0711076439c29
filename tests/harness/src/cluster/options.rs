//! How a cluster differs from the usual one.

use std::collections::BTreeMap;

/// The user that every cluster has, who may do everything.
pub const ADMIN: &str = "admin";

/// The users that every cluster has beside, who may do nothing until a test binds a role to them.
pub const RESTRICTED: [&str; 3] = ["alice", "bob", "nobody"];

/// The group whose members may do everything.
const MASTERS: &str = "system:masters";

/// How a cluster differs from the usual one.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    pub(super) emulated_minor: Option<u32>,
    pub(super) feature_gates: BTreeMap<String, bool>,
    pub(super) admission: Option<String>,
    pub(super) users: BTreeMap<String, Vec<String>>,
    pub(super) flags: Vec<String>,
}

impl Default for ClusterOptions {
    /// The usual cluster: the server's own version and gates, the users [`ADMIN`] and
    /// [`RESTRICTED`].
    fn default() -> Self {
        let mut users: BTreeMap<_, _> =
            RESTRICTED.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
        users.insert(ADMIN.to_owned(), vec![MASTERS.to_owned()]);
        Self {
            emulated_minor: None,
            feature_gates: BTreeMap::new(),
            admission: None,
            users,
            flags: Vec::new(),
        }
    }
}

impl ClusterOptions {
    /// The server behaves as this minor release (34 for 1.34). It can emulate the three before its
    /// own.
    #[must_use]
    pub fn emulated_minor(mut self, minor: u32) -> Self {
        self.emulated_minor = Some(minor);
        self
    }

    /// Turns a feature gate on or off.
    #[must_use]
    pub fn feature_gate(mut self, name: &str, enabled: bool) -> Self {
        self.feature_gates.insert(name.to_owned(), enabled);
        self
    }

    /// The text of the file that the server is given as its admission configuration.
    #[must_use]
    pub fn admission(mut self, configuration: &str) -> Self {
        self.admission = Some(configuration.to_owned());
        self
    }

    /// Adds a user in these groups; `system:authenticated` goes without saying.
    #[must_use]
    pub fn user(mut self, name: &str, groups: &[&str]) -> Self {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        self.users.insert(name.to_owned(), groups);
        self
    }

    /// Adds a flag of kube-apiserver (`--event-ttl=1h`). One that is given already is replaced.
    #[must_use]
    pub fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }
}
