//! Which pods a mutator of Gatekeeper is for.
//!
//! Source: `pkg/mutation/match` and `pkg/wildcard` of Gatekeeper.

use posture::model::admission::Matches;
use posture::model::labels::LabelSelector;
use posture::model::node::Value;

use crate::setters::birth::Birth;
use crate::setters::words;

/// `applyTo` and `match`.
#[derive(Clone, Debug)]
pub(super) struct Match {
    /// The kinds of `applyTo`, of all groups and versions.
    applies_to: Vec<String>,
    applies_to_pods: bool,
    /// Whether `kinds` of `match` leave pods in.
    matches_pods: bool,
    scope: String,
    source: String,
    namespaces: Vec<String>,
    excluded: Vec<String>,
    labels: Option<LabelSelector>,
    namespace_labels: Option<LabelSelector>,
    name: String,
    /// The selectors, as kubectl writes them.
    words: Vec<String>,
}

impl Match {
    /// Reads the `spec` of a mutator.
    pub(super) fn read(spec: Value<'_>) -> Result<Self, String> {
        let has = |list: &[String], wanted: &str| list.iter().any(|item| item == wanted);
        let applies = spec.field("applyTo").into_iter().flat_map(|list| list.items());
        let (mut applies_to, mut to_pods) = (Vec::new(), false);
        for item in applies {
            let kinds = words::texts(item, "kinds");
            to_pods |= has(&words::texts(item, "groups"), "")
                && has(&words::texts(item, "versions"), "v1")
                && has(&kinds, "Pod");
            applies_to.extend(kinds);
        }
        let selected = spec.field("match");
        let of = |key: &str| selected.map(|value| words::texts(value, key)).unwrap_or_default();
        let text = |key: &str| selected.map_or("", |value| words::text(value, key)).to_owned();
        let selector = |key: &str| {
            let value = selected.and_then(|value| value.field(key));
            let read = |value| LabelSelector::read(value).map_err(|why| format!("{key}: {why}"));
            value.map(read).transpose()
        };
        let kinds: Vec<Value<'_>> = selected
            .and_then(|value| value.field("kinds"))
            .map(|list| list.items().collect())
            .unwrap_or_default();
        let has_or_all =
            |list: &[String], wanted: &str| list.is_empty() || has(list, "*") || has(list, wanted);
        let is_kind = |item: &Value<'_>| {
            has_or_all(&words::texts(*item, "kinds"), "Pod")
                && has_or_all(&words::texts(*item, "apiGroups"), "")
        };
        let written =
            [("labelSelector", "labels"), ("namespaceSelector", "labels of the namespace")];
        let words = written.into_iter().filter_map(|(key, what)| {
            let selector = words::selector(selected.and_then(|value| value.field(key)))?;
            Some(format!("with {what} {selector}"))
        });
        Ok(Self {
            applies_to,
            applies_to_pods: to_pods,
            matches_pods: kinds.is_empty() || kinds.iter().any(is_kind),
            scope: text("scope"),
            source: text("source"),
            namespaces: of("namespaces"),
            excluded: of("excludedNamespaces"),
            labels: selector("labelSelector")?,
            namespace_labels: selector("namespaceSelector")?,
            name: text("name"),
            words: words.collect(),
        })
    }

    /// Whether it is for a pod.
    pub(super) fn matches(&self, birth: &Birth<'_>) -> Matches {
        let no = |why: &str| Matches::No(why.to_owned());
        let namespace = birth.namespace.name;
        let is_in = |list: &[String]| list.iter().any(|like| words::is_like(like, namespace));
        if !self.applies_to_pods {
            let kinds = words::list(&self.applies_to);
            return Matches::No(format!("it changes {kinds}, and no pods"));
        }
        if !self.matches_pods {
            return no("its match names other kinds");
        }
        if self.scope == "Cluster" {
            return no("it is for what is in no namespace");
        }
        if self.source == "Generated" {
            return no("it is for what Gatekeeper expands templates to, and for no pods");
        }
        if !self.namespaces.is_empty() && !is_in(&self.namespaces) {
            return Matches::No(format!("its namespaces do not name {namespace}"));
        }
        if is_in(&self.excluded) {
            return Matches::No(format!("its excludedNamespaces name {namespace}"));
        }
        let label = |key: &str| birth.labels.get(key).map(String::as_str);
        if self.labels.as_ref().is_some_and(|selector| !selector.matches(label)) {
            return no("its labelSelector does not select the labels");
        }
        if !self.name.is_empty() && !self.has_name(birth) {
            return no("its name is another one");
        }
        let selector = self.namespace_labels.as_ref();
        selector.map_or(Matches::Yes, |selector| {
            birth.namespace.selected_by(selector, "its namespaceSelector")
        })
    }

    /// A name that the API server will make is known by its beginning alone.
    fn has_name(&self, birth: &Birth<'_>) -> bool {
        let is_generated = birth.request().name.is_empty();
        (!is_generated || self.name.ends_with('*')) && words::is_like(&self.name, birth.name())
    }

    /// Which pods it is for: a clause.
    pub(super) fn scope(&self) -> String {
        let what =
            if self.applies_to_pods { "pods".to_owned() } else { words::list(&self.applies_to) };
        let place = if self.namespaces.is_empty() {
            "in all namespaces".to_owned()
        } else {
            format!("in namespaces {}", words::list(&self.namespaces))
        };
        let name = (!self.name.is_empty()).then(|| format!("named {}", self.name));
        let clauses: Vec<String> =
            [what, place].into_iter().chain(name).chain(self.words.iter().cloned()).collect();
        clauses.join(" ")
    }

    /// Which namespaces it leaves out.
    pub(super) fn exemptions(&self) -> Option<String> {
        (!self.excluded.is_empty())
            .then(|| format!("namespaces {} (excludedNamespaces)", words::list(&self.excluded)))
    }
}
