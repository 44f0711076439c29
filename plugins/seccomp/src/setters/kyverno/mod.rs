//! Kyverno's policies with `mutate` rules, and its `MutatingPolicy`.

mod matching;
mod merge;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use posture::model::admission::{MatchResources, Matches};
use posture::model::node::Value;
use posture::model::object::Object;
use serde_json::Value as Json;

use super::birth::{Birth, profile_of};
use super::callers::Callers;
use super::setter::{Judge, Judged, Level, Sets, Setter, SetterKind};
use super::words;
use super::world::{Found, World, created};
use matching::Filters;

/// The group of the policies with rules.
pub(super) const GROUP: &str = "kyverno.io";
/// The group of the policies in CEL.
pub(super) const CEL: &str = "policies.kyverno.io";

const FIELD: &str = "seccompProfile";

const CEL_WHY: &str = "its CEL expressions are not evaluated";

/// The namespaces that Kyverno's own configuration leaves out as it ships (`resourceFilters` of its
/// chart), whatever its webhooks say. Somebody may have changed it.
const FILTERED: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "kyverno"];

/// Whether a webhook of this name is Kyverno's.
pub(super) fn is_webhook(name: &str) -> bool {
    name.ends_with(".kyverno.svc") || name.contains(".kyverno.svc-")
}

/// Finds the rules and policies that may change profiles.
pub(super) fn read(world: &World<'_>, found: &mut Found) {
    for object in world.of(GROUP, &["ClusterPolicy", "Policy"]) {
        let rules = object.value().field("spec").and_then(|spec| spec.field("rules"));
        for rule in rules.into_iter().flat_map(|rules| rules.items()) {
            let mutate = rule.field("mutate").filter(|mutate| words::mentions(*mutate, FIELD));
            let Some(mutate) = mutate else {
                continue;
            };
            match rule_setter(world, object, rule, mutate) {
                Ok(setter) => found.setters.push(setter),
                Err(why) => {
                    found.gap(object, format!("rule {}: {why}", words::text(rule, "name")));
                }
            }
        }
    }
    for object in world.of(CEL, &["MutatingPolicy", "NamespacedMutatingPolicy"]) {
        let spec = object.value().field("spec");
        if let Some(spec) = spec.filter(|spec| words::mentions(*spec, FIELD)) {
            match policy_setter(world, object, spec) {
                Ok(setter) => found.setters.push(setter),
                Err(why) => found.gap(object, why),
            }
        }
    }
}

/// The webhooks that policies of a sort are applied by. There is one for policies that fail and one
/// for policies that do not.
fn callers(world: &World<'_>, prefixes: &[&str], ignores: bool) -> Callers {
    let policy = if ignores { "-ignore" } else { "-fail" };
    let of = |policy: &str| {
        Callers::among(&world.webhooks, |name| {
            let begins = prefixes.iter().any(|prefix| name.starts_with(prefix));
            is_webhook(name) && begins && name.contains(policy)
        })
    };
    let found = of(policy);
    if found.is_empty() { of("") } else { found }
}

/// What a rule does to pods.
#[derive(Debug)]
struct Rule {
    callers: Callers,
    /// Where a policy is for one namespace alone.
    namespace: Option<String>,
    selected: Filters,
    excluded: Filters,
    /// What is not evaluated and decides whether it is applied at all.
    unevaluated: Option<String>,
    patch: Result<Json, String>,
    /// The exception that may leave pods out.
    exception: Option<String>,
}

fn rule_setter(
    world: &World<'_>,
    object: &Object,
    rule: Value<'_>,
    mutate: Value<'_>,
) -> Result<Setter, String> {
    let spec = object.value().field("spec");
    let written = |key: &str| spec.and_then(|spec| spec.field(key)).and_then(|text| text.as_str());
    let nested = spec.and_then(|spec| spec.field("webhookConfiguration"));
    let policy =
        nested.map(|nested| words::text(nested, "failurePolicy")).filter(|text| !text.is_empty());
    let ignores = policy.or_else(|| written("failurePolicy")) == Some("Ignore");
    let callers = callers(world, &["mutate.kyverno.svc"], ignores);
    let selected = Filters::read(rule.field("match")).map_err(|why| format!("match: {why}"))?;
    let excluded = Filters::read(rule.field("exclude")).map_err(|why| format!("exclude: {why}"))?;
    let patch = patch(mutate);
    let has = |key: &str| rule.field(key).is_some();
    let unevaluated = if has("preconditions") {
        Some("its preconditions are not evaluated".to_owned())
    } else if has("celPreconditions") {
        Some("its celPreconditions are not evaluated".to_owned())
    } else if mutate
        .field("foreach")
        .is_some_and(|list| list.items().any(|item| item.field("preconditions").is_some()))
    {
        Some("the preconditions of its foreach are not evaluated".to_owned())
    } else {
        None
    };
    let mut exemptions = Vec::new();
    if !excluded.words().is_empty() {
        exemptions.push(format!("{} (exclude)", excluded.words()));
    }
    exemptions.push("what Kyverno's resourceFilters and PolicyExceptions name".to_owned());
    Ok(Setter {
        kind: SetterKind::Kyverno,
        object: object.reference(object.namespace()),
        part: Some(format!("rule {}", words::text(rule, "name"))),
        sets: sets(&patch),
        level: patch.as_ref().map_or(Level::Unknown, level),
        only_if_unset: patch.as_ref().ok().map(merge::only_if_unset),
        scope: scope(object.namespace(), selected.words()),
        exemptions,
        fail: callers.fail_mode(),
        created: created(object),
        judge: Arc::new(Rule {
            callers,
            namespace: object.namespace().map(str::to_owned),
            selected,
            excluded,
            unevaluated,
            patch,
            exception: exception(world, object),
        }),
    })
}

fn scope(namespace: Option<&str>, words: String) -> String {
    match namespace {
        Some(namespace) => format!("{words} in namespace {namespace}"),
        None => words,
    }
}

/// The patch of a rule, if it is one that is evaluated here.
fn patch(mutate: Value<'_>) -> Result<Json, String> {
    if mutate.field("targets").is_some() {
        return Err("it changes objects that exist, in the background".to_owned());
    }
    if let Some(patch) = mutate.field("patchStrategicMerge") {
        return without_variables(patch.to_json());
    }
    if let Some(foreach) = mutate.field("foreach") {
        let mut patches = foreach.items().filter(|item| words::mentions(*item, FIELD));
        let patch = patches.next().and_then(|item| item.field("patchStrategicMerge"));
        return match (patch, patches.next()) {
            (Some(patch), None) => without_variables(each_container(patch.to_json())),
            _ => Err("its foreach is not evaluated".to_owned()),
        };
    }
    Err("its patchesJson6902 are not evaluated".to_owned())
}

/// `{{ element.name }}` of a loop over containers is the name of each of them.
fn each_container(patch: Json) -> Json {
    match patch {
        Json::String(text) if text.replace(' ', "") == "{{element.name}}" => "*".into(),
        Json::Array(items) => items.into_iter().map(each_container).collect(),
        Json::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| {
                let made = each_container(value);
                let is_every = key == "name" && made == "*";
                (if is_every { "(name)".to_owned() } else { key }, made)
            })
            .collect(),
        other => other,
    }
}

fn without_variables(patch: Json) -> Result<Json, String> {
    if patch.to_string().contains("{{") {
        return Err("its variables are not evaluated".to_owned());
    }
    Ok(patch)
}

/// The profile that a patch writes: the first one in it.
fn sets(patch: &Result<Json, String>) -> Sets {
    match patch {
        Err(why) => Sets::May(why.clone()),
        Ok(patch) => profile_in(patch).map_or_else(
            || Sets::May("what it writes is no whole profile".to_owned()),
            Sets::Profile,
        ),
    }
}

fn profile_in(patch: &Json) -> Option<crate::named::Profile> {
    let name = |key: &str| key.trim_start_matches("+(").trim_end_matches(')').to_owned();
    match patch {
        Json::Object(fields) => fields.iter().find_map(|(key, value)| {
            if name(key) == FIELD {
                let fields = value.as_object()?.iter();
                let plain: Json = fields.map(|(key, value)| (name(key), value.clone())).collect();
                return profile_of(&plain);
            }
            profile_in(value)
        }),
        Json::Array(items) => items.iter().find_map(profile_in),
        _ => None,
    }
}

fn level(patch: &Json) -> Level {
    let in_list = |value: &Json| value.to_string().contains(FIELD);
    let spec = &patch["spec"];
    let lists = ["containers", "initContainers"];
    let containers = lists.iter().any(|list| in_list(&spec[*list]));
    let fields = spec.as_object().into_iter().flatten();
    let pod =
        fields.into_iter().any(|(key, value)| !lists.contains(&key.as_str()) && in_list(value));
    match (pod, containers) {
        (true, true) => Level::Both,
        (true, false) => Level::Pod,
        (false, true) => Level::Containers,
        (false, false) => Level::Unknown,
    }
}

impl Judge for Rule {
    fn judge(&self, birth: &Birth<'_>) -> Judged {
        let asked = in_namespace(self.namespace.as_deref(), birth)
            .and(|| self.selected.hold(birth))
            .and(|| match self.excluded.hold(birth) {
                Matches::Yes => Matches::No("its exclude names such a pod".to_owned()),
                Matches::Maybe(what) => Matches::Maybe(format!("exclude: {what}")),
                Matches::No(_) => Matches::Yes,
            })
            .and(|| self.callers.matches(&birth.request()))
            .and(|| self.unevaluated.clone().map_or(Matches::Yes, Matches::Maybe))
            .and(|| unless_exempt(self.exception.as_deref(), birth));
        birth.judged(asked, || merge::merge(&birth.pod, self.patch.as_ref().map_err(Clone::clone)?))
    }
}

/// The first `PolicyException` that names a policy.
fn exception(world: &World<'_>, policy: &Object) -> Option<String> {
    let full = policy.namespace().map(|namespace| format!("{namespace}/{}", policy.name()));
    let is_it = |name: &str| name == policy.name() || Some(name) == full.as_deref();
    let names = |spec: Value<'_>| {
        let listed = |list: &str, key: &str| {
            let items = spec.field(list).into_iter().flat_map(|list| list.items());
            items.into_iter().any(|item| is_it(words::text(item, key)))
        };
        listed("exceptions", "policyName") || listed("policyRefs", "name")
    };
    let mut all = world.of(GROUP, &["PolicyException"]).chain(world.of(CEL, &["PolicyException"]));
    let found = all.find(|object| object.value().field("spec").is_some_and(names));
    found.map(|object| object.name().to_owned())
}

/// What Kyverno leaves out by itself is not evaluated.
fn unless_exempt(exception: Option<&str>, birth: &Birth<'_>) -> Matches {
    let namespace = birth.namespace.name;
    if FILTERED.contains(&namespace) {
        let why = format!("Kyverno's resourceFilters leave namespace {namespace} out as it ships");
        return Matches::Maybe(why);
    }
    exception.map_or(Matches::Yes, |name| {
        Matches::Maybe(format!("PolicyException {name} names it and is not evaluated"))
    })
}

fn in_namespace(namespace: Option<&str>, birth: &Birth<'_>) -> Matches {
    match namespace {
        Some(name) if name != birth.namespace.name => {
            Matches::No(format!("it is for namespace {name} alone"))
        }
        _ => Matches::Yes,
    }
}

/// What a policy in CEL is for.
#[derive(Debug)]
struct Policy {
    callers: Callers,
    namespace: Option<String>,
    constraints: MatchResources,
    exception: Option<String>,
}

fn policy_setter(world: &World<'_>, object: &Object, spec: Value<'_>) -> Result<Setter, String> {
    let constraints = match spec.field("matchConstraints") {
        None => MatchResources::default(),
        Some(value) => {
            MatchResources::read(value).map_err(|why| format!("matchConstraints: {why}"))?
        }
    };
    let ignores = words::text(spec, "failurePolicy") == "Ignore";
    let prefixes = ["mpol.", "nmpol.", "mutate.mpol", "mutate.nmpol"];
    let callers = callers(world, &prefixes, ignores);
    Ok(Setter {
        kind: SetterKind::Kyverno,
        object: object.reference(object.namespace()),
        part: None,
        sets: Sets::May(CEL_WHY.to_owned()),
        level: Level::Unknown,
        only_if_unset: None,
        scope: scope(object.namespace(), "what its matchConstraints select".to_owned()),
        exemptions: vec!["what Kyverno's resourceFilters and PolicyExceptions name".to_owned()],
        fail: callers.fail_mode(),
        created: created(object),
        judge: Arc::new(Policy {
            callers,
            namespace: object.namespace().map(str::to_owned),
            constraints,
            exception: exception(world, object),
        }),
    })
}

impl Judge for Policy {
    fn judge(&self, birth: &Birth<'_>) -> Judged {
        let request = birth.request();
        let asked = in_namespace(self.namespace.as_deref(), birth)
            .and(|| self.constraints.matches(&request))
            .and(|| self.callers.matches(&request))
            .and(|| unless_exempt(self.exception.as_deref(), birth));
        Birth::may(asked, CEL_WHY)
    }
}
