//! Which pods a rule of Kyverno is for.
//!
//! Source: `pkg/utils/match` and `pkg/engine/utils` of Kyverno.

use posture::model::admission::Matches;
use posture::model::labels::LabelSelector;
use posture::model::node::Value;

use crate::setters::birth::Birth;
use crate::setters::words;

/// `match` or `exclude`: filters, of which one or all must hold.
#[derive(Clone, Debug)]
pub(super) struct Filters {
    all: bool,
    filters: Vec<Filter>,
}

#[derive(Clone, Debug)]
struct Filter {
    kinds: Vec<String>,
    operations: Vec<String>,
    names: Vec<String>,
    namespaces: Vec<String>,
    annotations: Vec<(String, String)>,
    labels: Option<Selector>,
    namespace_labels: Option<Selector>,
    /// Whether it asks who makes the request.
    asks_who: bool,
    words: String,
}

#[derive(Clone, Debug)]
enum Selector {
    Labels(LabelSelector),
    /// Kyverno allows wildcards in them.
    Wildcards,
}

impl Filters {
    /// Reads `match` or `exclude` of a rule.
    pub(super) fn read(value: Option<Value<'_>>) -> Result<Self, String> {
        let Some(value) = value else {
            return Ok(Self { all: false, filters: Vec::new() });
        };
        let list = |key: &str| value.field(key).map(|list| list.items().collect::<Vec<_>>());
        let (all, items) = match (list("any"), list("all")) {
            (Some(any), _) if !any.is_empty() => (false, any),
            (_, Some(all)) if !all.is_empty() => (true, all),
            // The form of old: the one filter stands here itself.
            _ if value.field("resources").is_some() || asks_who(value) => (true, vec![value]),
            _ => (false, Vec::new()),
        };
        let filters = items.into_iter().map(Filter::read).collect::<Result<_, _>>()?;
        Ok(Self { all, filters })
    }

    /// Whether they hold for a pod. Without a filter nothing does.
    pub(super) fn hold(&self, birth: &Birth<'_>) -> Matches {
        let none = || Matches::No("its match does not name such a pod".to_owned());
        if self.all && !self.filters.is_empty() {
            let each = self.filters.iter();
            return each.fold(Matches::Yes, |held, filter| held.and(|| filter.holds(birth)));
        }
        let mut best = None;
        for filter in &self.filters {
            match filter.holds(birth) {
                Matches::Yes => return Matches::Yes,
                Matches::Maybe(what) => best = Some(Matches::Maybe(what)),
                Matches::No(why) => best = best.or(Some(Matches::No(why))),
            }
        }
        best.unwrap_or_else(none)
    }

    /// The filters in words; empty where there are none.
    pub(super) fn words(&self) -> String {
        let words: Vec<&str> = self.filters.iter().map(|filter| filter.words.as_str()).collect();
        words.join(if self.all { ", and " } else { ", or " })
    }
}

impl Filter {
    fn read(value: Value<'_>) -> Result<Self, String> {
        let resources = value.field("resources");
        let of = |key: &str| resources.map(|value| words::texts(value, key)).unwrap_or_default();
        let field = |key: &str| resources.and_then(|value| value.field(key));
        let mut names = of("names");
        names.extend(field("name").and_then(|name| name.as_str()).map(str::to_owned));
        let annotations = field("annotations").into_iter().flat_map(|map| map.entries());
        let annotations = annotations
            .map(|(key, value)| {
                let text = |value: Value<'_>| value.as_str().unwrap_or_default().to_owned();
                (text(key), text(value))
            })
            .collect();
        let mut filter = Self {
            kinds: of("kinds"),
            operations: of("operations"),
            names,
            namespaces: of("namespaces"),
            annotations,
            labels: Selector::read(field("selector"), "selector")?,
            namespace_labels: Selector::read(field("namespaceSelector"), "namespaceSelector")?,
            asks_who: asks_who(value),
            words: String::new(),
        };
        filter.words = filter.in_words(field("selector"), field("namespaceSelector"));
        Ok(filter)
    }

    fn in_words(&self, labels: Option<Value<'_>>, namespace_labels: Option<Value<'_>>) -> String {
        let kinds =
            if self.kinds.is_empty() { "all kinds".into() } else { words::list(&self.kinds) };
        let list = |what: &str, items: &[String]| {
            (!items.is_empty()).then(|| format!("{what} {}", words::list(items)))
        };
        let clauses = [
            Some(kinds),
            list("in namespaces", &self.namespaces),
            list("named", &self.names),
            words::selector(labels).map(|selector| format!("with labels {selector}")),
            words::selector(namespace_labels)
                .map(|selector| format!("in namespaces with labels {selector}")),
            (!self.annotations.is_empty()).then(|| "with certain annotations".to_owned()),
            self.asks_who.then(|| "by certain users".to_owned()),
        ];
        clauses.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn holds(&self, birth: &Birth<'_>) -> Matches {
        let no = |why: &str| Matches::No(why.to_owned());
        let any_like =
            |list: &[String], text: &str| list.iter().any(|like| words::is_like(like, text));
        let namespace = birth.namespace.name;
        if !self.kinds.is_empty() && !self.kinds.iter().any(|kind| is_pod(kind)) {
            return Matches::No(format!("it names {}, and no pods", words::list(&self.kinds)));
        }
        if !self.operations.is_empty() && !self.operations.iter().any(|name| name == "CREATE") {
            return no("its operations do not name CREATE");
        }
        if !self.namespaces.is_empty() && !any_like(&self.namespaces, namespace) {
            return Matches::No(format!("its namespaces do not name {namespace}"));
        }
        if !self.names.is_empty() && !any_like(&self.names, birth.name()) {
            return no("its names are others");
        }
        let annotated = |(key, value): &(String, String)| {
            let there = birth.pod["metadata"]["annotations"].as_object();
            there.is_some_and(|map| {
                map.iter().any(|(name, text)| {
                    words::is_like(key, name)
                        && text.as_str().is_some_and(|text| words::is_like(value, text))
                })
            })
        };
        if !self.annotations.iter().all(annotated) {
            return no("its annotations are others");
        }
        let unknown =
            |what: &str| Matches::Maybe(format!("wildcards in its {what} are not evaluated"));
        let label = |key: &str| birth.labels.get(key).map(String::as_str);
        let labels = match &self.labels {
            None => Matches::Yes,
            Some(Selector::Wildcards) => unknown("selector"),
            Some(Selector::Labels(selector)) if selector.matches(label) => Matches::Yes,
            Some(Selector::Labels(_)) => no("its selector does not select the labels"),
        };
        let namespaced = || match &self.namespace_labels {
            None => Matches::Yes,
            Some(Selector::Wildcards) => unknown("namespaceSelector"),
            Some(Selector::Labels(selector)) => {
                birth.namespace.selected_by(selector, "its namespaceSelector")
            }
        };
        let who = || {
            if self.asks_who {
                return Matches::Maybe("it asks who creates the pod".to_owned());
            }
            Matches::Yes
        };
        labels.and(namespaced).and(who)
    }
}

impl Selector {
    fn read(value: Option<Value<'_>>, key: &str) -> Result<Option<Self>, String> {
        let Some(value) = value else {
            return Ok(None);
        };
        match LabelSelector::read(value) {
            Ok(selector) => Ok(Some(Self::Labels(selector))),
            Err(_) if words::mentions(value, "*") || words::mentions(value, "?") => {
                Ok(Some(Self::Wildcards))
            }
            Err(why) => Err(format!("{key}: {why}")),
        }
    }
}

fn asks_who(value: Value<'_>) -> bool {
    ["subjects", "roles", "clusterRoles"]
        .into_iter()
        .any(|key| value.field(key).is_some_and(|list| list.items().next().is_some()))
}

/// Whether a kind, as rules name it (`Pod`, `v1/Pod`, `*/*`), is that of pods themselves.
///
/// Source: `ParseKindSelector` in `pkg/utils/kube` of Kyverno.
fn is_pod(selector: &str) -> bool {
    let parts: Vec<&str> = selector.split('/').collect();
    let is_version = |part: &str| {
        part == "*"
            || part
                .strip_prefix('v')
                .is_some_and(|rest| rest.starts_with(|one: char| one.is_ascii_digit()))
    };
    let (group, version, kind, subresource) = match parts[..] {
        [kind] => ("*", "*", kind, ""),
        [version, kind] if is_version(version) => ("*", version, kind, ""),
        [kind, subresource] => ("*", "*", kind, subresource),
        [group, version, kind] if is_version(version) => (group, version, kind, ""),
        [version, kind, subresource] => ("*", version, kind, subresource),
        [group, version, kind, subresource] => (group, version, kind, subresource),
        _ => return false,
    };
    let (kind, of_kind) = kind.split_once('.').unwrap_or((kind, ""));
    words::is_like(group, "")
        && words::is_like(version, "v1")
        && words::is_like(kind, "Pod")
        && [subresource, of_kind].iter().all(|part| matches!(*part, "" | "*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_pods() {
        for yes in ["Pod", "v1/Pod", "*/Pod", "*", "*/*", "P*", "*/v1/Pod"] {
            assert!(is_pod(yes), "{yes}");
        }
        for no in
            ["Deployment", "Pod/exec", "Pod.status", "apps/v1/Deployment", "v2/Pod", "v1/Pod/exec"]
        {
            assert!(!is_pod(no), "{no}");
        }
    }
}
