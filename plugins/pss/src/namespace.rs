//! The policy of a namespace: what its labels ask for, on top of the defaults of the cluster, and
//! why.
//!
//! Source: `PolicyToEvaluate` in `api/helpers.go` of k8s.io/pod-security-admission.

use std::fmt;

use posture::model::node::Value;
use posture::model::version::Minor;
use serde::Serialize;

use crate::level::{Level, LevelVersion, PolicyVersion};
use crate::prose::go_quote;

/// The first server that warns by the enforce level where nothing is said about warnings.
const WARN_FOLLOWS_ENFORCE: Minor = Minor(26);

/// What admission does about a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Refuses the pod.
    Enforce,
    /// Notes it in the audit log.
    Audit,
    /// Warns whoever sent the request.
    Warn,
}

impl Mode {
    /// The modes, in the order in which the server reads their labels.
    pub const ALL: [Self; 3] = [Self::Enforce, Self::Audit, Self::Warn];

    /// `enforce`, `audit` or `warn`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Audit => "audit",
            Self::Warn => "warn",
        }
    }

    /// The label that sets the level.
    pub fn level_label(self) -> &'static str {
        match self {
            Self::Enforce => "pod-security.kubernetes.io/enforce",
            Self::Audit => "pod-security.kubernetes.io/audit",
            Self::Warn => "pod-security.kubernetes.io/warn",
        }
    }

    /// The label that pins the version.
    pub fn version_label(self) -> &'static str {
        match self {
            Self::Enforce => "pod-security.kubernetes.io/enforce-version",
            Self::Audit => "pod-security.kubernetes.io/audit-version",
            Self::Warn => "pod-security.kubernetes.io/warn-version",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One value for each mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modes<T> {
    /// For enforce.
    pub enforce: T,
    /// For audit.
    pub audit: T,
    /// For warn.
    pub warn: T,
}

impl<T> Modes<T> {
    /// The value of a mode.
    pub fn get(&self, mode: Mode) -> &T {
        match mode {
            Mode::Enforce => &self.enforce,
            Mode::Audit => &self.audit,
            Mode::Warn => &self.warn,
        }
    }

    fn get_mut(&mut self, mode: Mode) -> &mut T {
        match mode {
            Mode::Enforce => &mut self.enforce,
            Mode::Audit => &mut self.audit,
            Mode::Warn => &mut self.warn,
        }
    }

    /// The values, to be changed.
    pub(crate) fn values_mut(&mut self) -> [&mut T; 3] {
        [&mut self.enforce, &mut self.audit, &mut self.warn]
    }

    /// The values with their modes.
    pub fn iter(&self) -> impl Iterator<Item = (Mode, &T)> {
        Mode::ALL.into_iter().map(|mode| (mode, self.get(mode)))
    }
}

/// What a cluster applies where labels say nothing.
pub type Defaults = Modes<LevelVersion>;

/// The defaults of a server without a configuration file: nothing is enforced.
pub const UNCONFIGURED: Defaults = Modes {
    enforce: LevelVersion::PRIVILEGED,
    audit: LevelVersion::PRIVILEGED,
    warn: LevelVersion::PRIVILEGED,
};

/// Why a level or a version applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Why {
    /// The label says so.
    Label,
    /// There is no label, and the cluster's default says so.
    Default,
    /// The label is invalid, so the server takes the strictest choice: `restricted` for enforce,
    /// `latest` for a version.
    InvalidLabelFailsClosed,
    /// The label is invalid, so the server lets everything pass: audit and warn.
    InvalidLabelFailsOpen,
    /// There is no warn label, and a stricter enforce label (since 1.26).
    WarnFollowsEnforce,
    /// Nobody knows the namespace; the caller assumes this.
    Assumed,
}

/// The policy of one mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModePolicy {
    /// Level and version, as the server prints them.
    pub policy: LevelVersion,
    /// Why the level applies.
    pub level_why: Why,
    /// Why the version applies.
    pub version_why: Why,
}

impl ModePolicy {
    fn same(policy: LevelVersion, why: Why) -> Self {
        Self { policy, level_why: why, version_why: why }
    }
}

/// A label that the server cannot read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelError {
    /// The label.
    pub label: &'static str,
    /// Its value.
    pub value: String,
    /// What is wrong with it, in the server's words.
    pub why: &'static str,
}

impl fmt::Display for LabelError {
    /// As the server refuses the namespace:
    /// `metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "x": must be one of …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "metadata.labels[{}]: Invalid value: {}: {}",
            self.label,
            go_quote(&self.value),
            self.why
        )
    }
}

/// The policy of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespacePolicy {
    /// What each mode asks for.
    pub modes: Modes<ModePolicy>,
    /// The labels that the server cannot read: it refuses to create such a namespace, and to
    /// change it into one.
    pub errors: Vec<LabelError>,
}

impl NamespacePolicy {
    /// The policy that labels ask for. `labels` yields the labels of the namespace; others than
    /// those of Pod Security Admission do no harm.
    pub fn of_labels<'l>(
        labels: impl IntoIterator<Item = (&'l str, &'l str)>,
        defaults: &Defaults,
        server: Minor,
    ) -> Self {
        let mut found: Modes<(Option<&str>, Option<&str>)> = Modes::default();
        for (key, value) in labels {
            for mode in Mode::ALL {
                if key == mode.level_label() {
                    found.get_mut(mode).0 = Some(value);
                } else if key == mode.version_label() {
                    found.get_mut(mode).1 = Some(value);
                }
            }
        }
        let mut policy = Self::of_defaults(defaults);
        for mode in Mode::ALL {
            let (level, version) = *found.get(mode);
            policy.read(mode, level, version);
        }
        // An invalid enforce level is not followed: the namespace cannot be meant to have it.
        let enforce = policy.modes.enforce;
        let warn = &mut policy.modes.warn;
        if server >= WARN_FOLLOWS_ENFORCE
            && found.warn.0.is_none()
            && enforce.level_why == Why::Label
            && enforce.policy.level > warn.policy.level
        {
            warn.policy.level = enforce.policy.level;
            warn.level_why = Why::WarnFollowsEnforce;
            if found.warn.1.is_none() {
                warn.policy.version = enforce.policy.version;
                warn.version_why = Why::WarnFollowsEnforce;
            }
        }
        policy
    }

    /// The policy of a Namespace object.
    pub fn of_namespace(namespace: Value<'_>, defaults: &Defaults, server: Minor) -> Self {
        let labels = namespace.field("metadata").and_then(|metadata| metadata.field("labels"));
        let labels = labels.into_iter().flat_map(|labels| labels.entries());
        // A null label is an empty one, as for Go.
        let texts = labels
            .filter_map(|(key, value)| Some((key.as_str()?, value.as_str().unwrap_or_default())));
        Self::of_labels(texts, defaults, server)
    }

    /// The policy of a namespace without labels.
    pub fn of_defaults(defaults: &Defaults) -> Self {
        let mode = |policy| ModePolicy::same(policy, Why::Default);
        Self {
            modes: Modes {
                enforce: mode(defaults.enforce),
                audit: mode(defaults.audit),
                warn: mode(defaults.warn),
            },
            errors: Vec::new(),
        }
    }

    /// The policy to judge by where the namespace is not known: as if it had this one label for
    /// enforce, on a server without configuration.
    pub fn assumed(enforce: LevelVersion, server: Minor) -> Self {
        let mut policy = Self::of_defaults(&UNCONFIGURED);
        policy.modes.enforce = ModePolicy::same(enforce, Why::Assumed);
        if server >= WARN_FOLLOWS_ENFORCE && enforce.level > Level::Privileged {
            policy.modes.warn = ModePolicy::same(enforce, Why::WarnFollowsEnforce);
        }
        policy
    }

    /// Whether no mode asks for anything, so that admission does not even look at pods.
    pub fn is_privileged(&self) -> bool {
        self.modes.iter().all(|(_, mode)| mode.policy.level == Level::Privileged)
    }

    fn read(&mut self, mode: Mode, level: Option<&str>, version: Option<&str>) {
        let chosen = self.modes.get_mut(mode);
        if let Some(text) = level {
            match Level::parse(text) {
                Ok(level) => {
                    chosen.policy.level = level;
                    chosen.level_why = Why::Label;
                }
                Err(why) => {
                    (chosen.policy.level, chosen.level_why) = match mode {
                        Mode::Enforce => (Level::Restricted, Why::InvalidLabelFailsClosed),
                        Mode::Audit | Mode::Warn => (Level::Privileged, Why::InvalidLabelFailsOpen),
                    };
                    self.errors.push(LabelError {
                        label: mode.level_label(),
                        value: text.to_owned(),
                        why,
                    });
                }
            }
        }
        let chosen = self.modes.get_mut(mode);
        if let Some(text) = version {
            match PolicyVersion::parse(text) {
                Ok(version) => {
                    chosen.policy.version = version;
                    chosen.version_why = Why::Label;
                }
                Err(why) => {
                    chosen.policy.version = PolicyVersion::Latest;
                    chosen.version_why = Why::InvalidLabelFailsClosed;
                    self.errors.push(LabelError {
                        label: mode.version_label(),
                        value: text.to_owned(),
                        why,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use posture::model::version::NEWEST;

    use super::*;
    use crate::testing::tree;

    /// The policy of labels, without their common prefix, on a server without configuration.
    fn policy(labels: &[(&str, &str)], server: u16) -> NamespacePolicy {
        let labels: Vec<(String, &str)> = labels
            .iter()
            .map(|(key, value)| (format!("pod-security.kubernetes.io/{key}"), *value))
            .collect();
        let labels = labels.iter().map(|(key, value)| (key.as_str(), *value));
        NamespacePolicy::of_labels(labels, &UNCONFIGURED, Minor(server))
    }

    fn printed(policy: &NamespacePolicy) -> String {
        let modes: Vec<String> =
            policy.modes.iter().map(|(mode, chosen)| format!("{mode}={}", chosen.policy)).collect();
        modes.join(" ")
    }

    #[test]
    fn labels_override_defaults_and_warn_follows() {
        let none = "enforce=privileged:latest audit=privileged:latest warn=privileged:latest";
        assert_eq!(printed(&policy(&[], 37)), none);
        assert_eq!(printed(&policy(&[("other", "restricted")], 37)), none);
        let followed = policy(&[("enforce", "restricted"), ("enforce-version", "v1.30")], 37);
        assert_eq!(
            printed(&followed),
            "enforce=restricted:v1.30 audit=privileged:latest warn=restricted:v1.30"
        );
        assert_eq!(followed.modes.warn.level_why, Why::WarnFollowsEnforce);
        assert_eq!(followed.modes.audit.level_why, Why::Default);
        let pinned = policy(
            &[("enforce", "baseline"), ("enforce-version", "v1.30"), ("warn-version", "v1.31")],
            37,
        );
        assert_eq!(
            printed(&pinned),
            "enforce=baseline:v1.30 audit=privileged:latest warn=baseline:v1.31"
        );
        assert_eq!(
            (pinned.modes.warn.level_why, pinned.modes.warn.version_why),
            (Why::WarnFollowsEnforce, Why::Label)
        );
        let silenced = policy(&[("enforce", "restricted"), ("warn", "privileged")], 37);
        assert_eq!(
            printed(&silenced),
            "enforce=restricted:latest audit=privileged:latest warn=privileged:latest"
        );
        let old = policy(&[("enforce", "restricted")], 25);
        assert_eq!(
            printed(&old),
            "enforce=restricted:latest audit=privileged:latest warn=privileged:latest"
        );
        // Only the label makes warnings follow: a version alone does not.
        let version = policy(&[("enforce-version", "v1.30")], 37);
        assert_eq!(
            printed(&version),
            "enforce=privileged:v1.30 audit=privileged:latest warn=privileged:latest"
        );
    }

    #[test]
    fn defaults_count_where_labels_are_silent() {
        let defaults = Modes {
            enforce: LevelVersion::latest(Level::Baseline),
            audit: LevelVersion { level: Level::Restricted, version: PolicyVersion::of(30) },
            warn: LevelVersion { level: Level::Restricted, version: PolicyVersion::of(30) },
        };
        let labels = [
            ("pod-security.kubernetes.io/enforce", "baseline"),
            ("pod-security.kubernetes.io/audit", "baseline"),
        ];
        let policy = NamespacePolicy::of_labels(labels, &defaults, NEWEST);
        // The default for warn is stricter already; the version of audit stays the default's.
        assert_eq!(
            printed(&policy),
            "enforce=baseline:latest audit=baseline:v1.30 warn=restricted:v1.30"
        );
        assert_eq!(
            (policy.modes.audit.level_why, policy.modes.audit.version_why),
            (Why::Label, Why::Default)
        );
        assert_eq!(
            printed(&NamespacePolicy::of_defaults(&defaults)),
            "enforce=baseline:latest audit=restricted:v1.30 warn=restricted:v1.30"
        );
    }

    #[test]
    fn invalid_labels_fail_closed_or_open() {
        let broken = policy(
            &[
                ("enforce", "Baseline"),
                ("enforce-version", "1.30"),
                ("audit", "x\"y"),
                ("warn", ""),
                ("warn-version", "v1.37.1"),
            ],
            37,
        );
        assert_eq!(
            printed(&broken),
            "enforce=restricted:latest audit=privileged:latest warn=privileged:latest"
        );
        assert_eq!(broken.modes.enforce.level_why, Why::InvalidLabelFailsClosed);
        assert_eq!(broken.modes.enforce.version_why, Why::InvalidLabelFailsClosed);
        assert_eq!(broken.modes.audit.level_why, Why::InvalidLabelFailsOpen);
        let errors: Vec<String> = broken.errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            errors,
            [
                r#"metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "Baseline": must be one of privileged, baseline, restricted"#,
                r#"metadata.labels[pod-security.kubernetes.io/enforce-version]: Invalid value: "1.30": must be "latest" or "v1.x""#,
                r#"metadata.labels[pod-security.kubernetes.io/audit]: Invalid value: "x\"y": must be one of privileged, baseline, restricted"#,
                r#"metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: "": must be one of privileged, baseline, restricted"#,
                r#"metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "v1.37.1": must be "latest" or "v1.x""#,
            ]
        );
        // Warnings do not follow a label that cannot be read.
        assert_eq!(policy(&[("enforce", "x")], 37).modes.warn.policy, LevelVersion::PRIVILEGED);
    }

    #[test]
    fn namespaces_are_read_as_go_does() {
        let tree = tree(r#"{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":null}}}"#);
        let policy = NamespacePolicy::of_namespace(tree.root(), &UNCONFIGURED, NEWEST);
        assert_eq!(policy.errors.len(), 1);
        let tree = crate::testing::tree("{}");
        assert!(NamespacePolicy::of_namespace(tree.root(), &UNCONFIGURED, NEWEST).is_privileged());
    }

    #[test]
    fn what_is_assumed_looks_like_one_label() {
        let assumed = NamespacePolicy::assumed(LevelVersion::latest(Level::Restricted), NEWEST);
        assert_eq!(printed(&assumed), printed(&policy(&[("enforce", "restricted")], 37)));
        assert_eq!(assumed.modes.enforce.level_why, Why::Assumed);
    }
}
