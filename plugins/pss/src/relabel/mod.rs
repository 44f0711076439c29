//! What the API server says when a namespace is created, or when its Pod Security labels change.
//!
//! Source: `ValidateNamespace` and `exemptNamespaceWarning` in `admission/admission.go` of
//! k8s.io/pod-security-admission, 1.24 to 1.37. Only the namespace itself is asked about: the
//! server takes any labels through the subresource `status`.

pub mod delivery;
pub mod survey;

use std::borrow::Borrow;

use posture::model::object::Object;
use posture::model::version::Minor;
use serde::Serialize;

use crate::admission_config::Configuration;
use crate::evaluate::Evaluator;
use crate::level::{Level, LevelVersion};
use crate::namespace::{LabelError, Mode, ModePolicy, NamespacePolicy, Why};
use crate::prose::go_quote;
use survey::{Survey, Surveyor};

/// The first server that says that the labels of an exempt namespace are in vain.
const WARNS_OF_EXEMPTION: Minor = Minor(25);
/// The first server that lists only those modes in that warning which labels set.
const LISTS_LABELLED_MODES: Minor = Minor(26);

/// A namespace that is being created or changed.
#[derive(Clone, Copy, Debug)]
pub struct Change<'r> {
    /// The namespace's name.
    pub namespace: &'r str,
    /// What its labels have asked for; `None` for a namespace that is being created.
    pub before: Option<&'r NamespacePolicy>,
    /// What they are to ask for.
    pub after: &'r NamespacePolicy,
    /// The cluster's defaults, which both policies rest on, and its exemptions.
    pub configuration: &'r Configuration,
}

/// Why the server does not look at the pods of the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Unjudged {
    /// The namespace is being created.
    Created,
    /// Level and version for enforce stay as they are, whatever the pods are like.
    EnforceUnchanged,
    /// Everything will be allowed.
    Privileged,
    /// The version stays and the level is no stricter.
    NotStricter,
    /// The namespace is exempt.
    ExemptNamespace,
}

/// What the server does about a change.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// It refuses the labels.
    Refused(Vec<LabelError>),
    /// It looks at no pod. The text is its warning, if it has one.
    Unjudged(Unjudged, Option<String>),
    /// It looks at the existing pods: they are to be counted.
    Judges(Surveyor),
}

/// What the server says about a change in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relabelling {
    /// The labels that it refuses; if there are any, nothing changes.
    pub refused: Vec<LabelError>,
    /// Why it has not looked at the pods, if it has not.
    pub unjudged: Option<Unjudged>,
    /// Its warnings, in its order, before [`delivery::delivered`].
    pub warnings: Vec<String>,
    /// What it has seen of the pods, if it has looked.
    pub survey: Option<Survey>,
}

impl Relabelling {
    /// What the server answers if it refuses: `Namespace "shop" is invalid: …`
    pub fn refusal(&self, namespace: &str) -> Option<String> {
        let errors: Vec<String> = self.refused.iter().map(ToString::to_string).collect();
        let name = go_quote(namespace);
        match &errors[..] {
            [] => None,
            [error] => Some(format!("Namespace {name} is invalid: {error}")),
            _ => Some(format!("Namespace {name} is invalid: [{}]", errors.join(", "))),
        }
    }
}

impl Change<'_> {
    /// What a server of this release does, before it looks at any pod.
    pub fn reaction(&self, server: Minor) -> Reaction {
        let Self { after, before, .. } = self;
        let Some(before) = before else {
            return if !after.errors.is_empty() {
                Reaction::Refused(after.errors.clone())
            } else if self.is_exempt() {
                Reaction::Unjudged(Unjudged::ExemptNamespace, self.exemption_warning(server))
            } else {
                Reaction::Unjudged(Unjudged::Created, None)
            };
        };
        // Faults that were there before are nobody's business.
        if !after.errors.is_empty() && after.errors != before.errors {
            return Reaction::Refused(after.errors.clone());
        }
        let (old, new) = (before.modes.enforce.policy, after.modes.enforce.policy);
        if new == old {
            Reaction::Unjudged(Unjudged::EnforceUnchanged, None)
        } else if new.level == Level::Privileged {
            Reaction::Unjudged(Unjudged::Privileged, None)
        } else if new.version == old.version && new.level <= old.level {
            Reaction::Unjudged(Unjudged::NotStricter, None)
        } else if self.is_exempt() {
            Reaction::Unjudged(Unjudged::ExemptNamespace, self.exemption_warning(server))
        } else {
            let classes = &self.configuration.exemptions.runtime_classes;
            Reaction::Judges(Surveyor::new(self.namespace, new, classes))
        }
    }

    fn is_exempt(&self) -> bool {
        let exempt = &self.configuration.exemptions.namespaces;
        !self.namespace.is_empty() && exempt.iter().any(|exempt| exempt == self.namespace)
    }

    /// That the labels are in vain; nothing if they ask for nothing beyond the defaults.
    fn exemption_warning(&self, server: Minor) -> Option<String> {
        let mut modes = self.after.modes.iter();
        let as_default = |(mode, chosen): (Mode, &ModePolicy)| {
            equivalent(chosen.policy, *self.configuration.defaults.get(mode))
        };
        if server < WARNS_OF_EXEMPTION || self.after.is_privileged() || modes.all(as_default) {
            return None;
        }
        let listed = |chosen: &ModePolicy| {
            chosen.policy.level != Level::Privileged
                && (server < LISTS_LABELLED_MODES || has_label(chosen))
        };
        let modes = self.after.modes.iter().filter(|(_, chosen)| listed(chosen));
        let modes: Vec<String> =
            modes.map(|(mode, chosen)| format!("{mode}={}", chosen.policy)).collect();
        Some(format!(
            "namespace {} is exempt from Pod Security, and the policy ({}) will be ignored",
            go_quote(self.namespace),
            modes.join(", ")
        ))
    }
}

/// Whether two policies of a mode come to the same (`LevelVersion.Equivalent`).
fn equivalent(one: LevelVersion, other: LevelVersion) -> bool {
    one == other || (one.level == Level::Privileged && other.level == Level::Privileged)
}

/// Whether a mode has a label, for its level or its version, valid or not.
fn has_label(chosen: &ModePolicy) -> bool {
    [chosen.level_why, chosen.version_why].into_iter().any(|why| match why {
        Why::Label | Why::InvalidLabelFailsClosed | Why::InvalidLabelFailsOpen => true,
        Why::Default | Why::WarnFollowsEnforce | Why::Assumed => false,
    })
}

/// What a server says about a change. `pods` are those of the namespace as they are stored, in any
/// order; no more are taken than are needed, and each is dropped before the next one is taken.
pub fn relabel<P: Borrow<Object>>(
    evaluator: &Evaluator,
    change: &Change<'_>,
    pods: impl IntoIterator<Item = P>,
) -> Relabelling {
    let silent =
        Relabelling { refused: Vec::new(), unjudged: None, warnings: Vec::new(), survey: None };
    match change.reaction(evaluator.server()) {
        Reaction::Refused(refused) => Relabelling { refused, ..silent },
        Reaction::Unjudged(unjudged, warning) => {
            Relabelling { unjudged: Some(unjudged), warnings: Vec::from_iter(warning), ..silent }
        }
        Reaction::Judges(mut surveyor) => {
            for pod in pods {
                surveyor.judge(evaluator, pod.borrow());
            }
            let survey = surveyor.finish();
            Relabelling { warnings: survey.warnings(), survey: Some(survey), ..silent }
        }
    }
}

#[cfg(test)]
mod tests {
    use posture::model::version::NEWEST;

    use super::*;
    use crate::admission_config::Exemptions;

    /// `enforce=baseline enforce-version=v1.30`, on top of a configuration.
    fn policy(text: &str, configuration: &Configuration, server: Minor) -> NamespacePolicy {
        let labels: Vec<(String, &str)> = text
            .split_whitespace()
            .filter_map(|label| label.split_once('='))
            .map(|(key, value)| (format!("pod-security.kubernetes.io/{key}"), value))
            .collect();
        let labels = labels.iter().map(|(key, value)| (key.as_str(), *value));
        NamespacePolicy::of_labels(labels, &configuration.defaults, server)
    }

    fn exempting(namespace: &str) -> Configuration {
        let exemptions =
            Exemptions { namespaces: vec![namespace.to_owned()], ..Exemptions::default() };
        Configuration { exemptions, ..Configuration::default() }
    }

    /// What a server says about the namespace `shop`, which has no pods.
    fn said(
        before: Option<&str>,
        after: &str,
        configuration: &Configuration,
        server: u16,
    ) -> Relabelling {
        let server = Minor(server);
        let before = before.map(|before| policy(before, configuration, server));
        let after = policy(after, configuration, server);
        let change =
            Change { namespace: "shop", before: before.as_ref(), after: &after, configuration };
        relabel::<Object>(&Evaluator::new(server), &change, [])
    }

    #[test]
    fn pods_are_looked_at_if_enforce_gets_stricter() {
        let usual = Configuration::default();
        for (before, after, unjudged) in [
            ("", "", Some(Unjudged::EnforceUnchanged)),
            ("", "warn=restricted audit=baseline", Some(Unjudged::EnforceUnchanged)),
            ("enforce=baseline", "enforce=baseline", Some(Unjudged::EnforceUnchanged)),
            ("", "enforce-version=v1.30", Some(Unjudged::Privileged)),
            ("enforce=baseline", "", Some(Unjudged::Privileged)),
            ("enforce=restricted", "enforce=baseline", Some(Unjudged::NotStricter)),
            ("", "enforce=baseline", None),
            ("enforce=baseline", "enforce=restricted", None),
            // Another version may ask for more, even at a lower level.
            ("enforce=restricted", "enforce=baseline enforce-version=v1.37", None),
            ("enforce=baseline", "enforce=baseline enforce-version=v1.0", None),
            ("enforce=baseline enforce-version=v1.99", "enforce=baseline", None),
            // What cannot be read means restricted, and stays what it is.
            ("enforce=x", "enforce=x", Some(Unjudged::EnforceUnchanged)),
            ("enforce=x", "enforce=restricted", Some(Unjudged::EnforceUnchanged)),
            ("audit=x", "enforce=baseline audit=x", None),
        ] {
            let said = said(Some(before), after, &usual, NEWEST.0);
            assert_eq!(said.unjudged, unjudged, "{before} -> {after}");
            assert_eq!(said.survey.is_none(), unjudged.is_some(), "{before} -> {after}");
            assert!(said.warnings.is_empty() && said.refused.is_empty(), "{before} -> {after}");
        }
    }

    #[test]
    fn only_new_faults_are_refused() {
        let usual = Configuration::default();
        let refusal = |before: Option<&str>, after: &str| {
            said(before, after, &usual, NEWEST.0).refusal("shop")
        };
        let one = r#"Namespace "shop" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "x": must be one of privileged, baseline, restricted"#;
        assert_eq!(refusal(None, "enforce=x").as_deref(), Some(one));
        assert_eq!(refusal(Some(""), "enforce=x").as_deref(), Some(one));
        assert_eq!(refusal(Some("enforce=y"), "enforce=x").as_deref(), Some(one));
        assert_eq!(refusal(Some("enforce=x warn=y"), "enforce=x").as_deref(), Some(one));
        assert_eq!(refusal(Some("enforce=x"), "enforce=x warn=baseline"), None);
        assert_eq!(refusal(Some("enforce=x"), ""), None);
        assert_eq!(
            refusal(Some("enforce=x"), "enforce=x warn-version=1.30").as_deref(),
            Some(
                r#"Namespace "shop" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "x": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.30": must be "latest" or "v1.x"]"#
            )
        );
        // An exempt namespace must have valid labels too.
        let exempt = said(None, "enforce=x", &exempting("shop"), NEWEST.0);
        assert_eq!(exempt.refusal("shop").as_deref(), Some(one));
        assert!(exempt.warnings.is_empty() && exempt.unjudged.is_none());
    }

    #[test]
    fn labels_of_an_exempt_namespace_are_in_vain() {
        let exempt = exempting("shop");
        let warnings = |before: Option<&str>, after: &str, server: u16| {
            let said = said(before, after, &exempt, server);
            assert_eq!(said.unjudged, Some(Unjudged::ExemptNamespace), "{after}");
            said.warnings
        };
        let of = |modes: &str| {
            vec![format!(
                r#"namespace "shop" is exempt from Pod Security, and the policy ({modes}) will be ignored"#
            )]
        };
        for before in [None, Some("")] {
            let labels = "enforce=baseline audit=privileged audit-version=v1.30";
            assert!(warnings(before, labels, 24).is_empty());
            assert_eq!(warnings(before, labels, 25), of("enforce=baseline:latest"));
            // Warn follows, and has no label.
            assert_eq!(warnings(before, labels, 26), of("enforce=baseline:latest"));
            assert_eq!(
                warnings(before, "enforce=restricted warn-version=v1.30", 37),
                of("enforce=restricted:latest, warn=restricted:v1.30")
            );
        }
        // Nothing is enforced, and nothing but that was asked about.
        assert!(warnings(None, "enforce-version=v1.30", 37).is_empty());
        assert_eq!(warnings(None, "warn=baseline", 37), of("warn=baseline:latest"));
        assert!(said(Some(""), "warn=baseline", &exempt, 37).warnings.is_empty());
        assert!(said(None, "enforce=baseline", &exempting("other"), 37).warnings.is_empty());
    }

    #[test]
    fn defaults_need_no_warning() {
        let mut exempt = exempting("shop");
        exempt.defaults.enforce = LevelVersion::latest(Level::Baseline);
        exempt.defaults.audit = LevelVersion::latest(Level::Restricted);
        let warnings = |after: &str, server: u16| said(None, after, &exempt, server).warnings;
        let of = |modes: &str| {
            vec![format!(
                r#"namespace "shop" is exempt from Pod Security, and the policy ({modes}) will be ignored"#
            )]
        };
        assert!(warnings("", 37).is_empty() && warnings("audit=restricted", 37).is_empty());
        assert!(warnings("warn-version=v1.30", 37).is_empty());
        // A label for enforce makes warn follow, which is a change.
        assert_eq!(warnings("enforce=baseline", 37), of("enforce=baseline:latest"));
        assert!(warnings("enforce=baseline", 25).is_empty());
        // Before 1.26 the defaults are listed as well.
        assert_eq!(warnings("audit=baseline", 37), of("audit=baseline:latest"));
        assert_eq!(
            warnings("audit=baseline", 25),
            of("enforce=baseline:latest, audit=baseline:latest")
        );
        // Everything that labels set is privileged.
        assert_eq!(warnings("enforce=privileged", 37), of(""));
        assert_eq!(warnings("enforce=privileged", 25), of("audit=restricted:latest"));
    }
}
