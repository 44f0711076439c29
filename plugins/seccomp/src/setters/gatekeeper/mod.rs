//! Gatekeeper's mutators.

mod location;
mod matching;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use posture::model::admission::Matches;
use posture::model::node::Value;
use posture::model::object::Object;
use serde_json::Value as Json;

use super::birth::{Birth, profile_of};
use super::callers::Callers;
use super::setter::{Judge, Judged, Level, Sets, Setter, SetterKind};
use super::words;
use super::world::{Found, World, created};
use location::{Step, Tests};
use matching::Match;

/// The group of the mutators.
pub(super) const GROUP: &str = "mutations.gatekeeper.sh";
/// The group of its configuration.
pub(super) const CONFIG: &str = "config.gatekeeper.sh";

/// The webhook that mutators are applied by.
const WEBHOOK: &str = "mutation.gatekeeper.sh";

const FIELD: &str = "seccompProfile";

/// One mutator.
#[derive(Debug)]
struct Mutator {
    callers: Callers,
    selected: Match,
    exempt: Vec<String>,
    change: Change,
}

#[derive(Debug)]
enum Change {
    Assign {
        steps: Vec<Step>,
        tests: Tests,
        value: Json,
    },
    /// Why it is not known.
    Unknown(String),
}

/// Whether a webhook of this name is Gatekeeper's.
pub(super) fn is_webhook(name: &str) -> bool {
    name == WEBHOOK
}

/// Finds the mutators that may change profiles.
pub(super) fn read(world: &World<'_>, found: &mut Found) {
    let callers = Callers::among(&world.webhooks, is_webhook);
    let exempt = exempt(world);
    for object in world.of(GROUP, &["Assign", "ModifySet"]) {
        match mutator(object, &callers, &exempt) {
            Ok(setter) => found.setters.extend(setter),
            Err(why) => found.gap(object, why),
        }
    }
}

/// The namespaces in which Gatekeeper mutates nothing.
///
/// Source: `pkg/controller/config/process` of Gatekeeper.
fn exempt(world: &World<'_>) -> Vec<String> {
    let configs = world.of(CONFIG, &["Config"]).filter_map(|object| object.value().field("spec"));
    let entries = configs.filter_map(|spec| spec.field("match")).flat_map(|list| list.items());
    let is_for_mutation = |entry: &Value<'_>| {
        words::texts(*entry, "processes")
            .iter()
            .any(|name| name == "*" || name == "mutation-webhook")
    };
    entries
        .filter(is_for_mutation)
        .flat_map(|entry| words::texts(entry, "excludedNamespaces"))
        .collect()
}

fn mutator(
    object: &Object,
    callers: &Callers,
    exempt: &[String],
) -> Result<Option<Setter>, String> {
    let spec = object.value().field("spec").ok_or("it has no spec")?;
    let parameters = spec.field("parameters");
    let steps =
        location::read(words::text(spec, "location")).map_err(|why| format!("location: {why}"))?;
    if !is_about_profiles(&steps) && !parameters.is_some_and(|value| words::mentions(value, FIELD))
    {
        return Ok(None);
    }
    let selected = Match::read(spec)?;
    let change = if object.kind() == "Assign" {
        assign(steps.clone(), parameters)?
    } else {
        Change::Unknown("it adds elements to a list".to_owned())
    };
    let mut exemptions: Vec<String> = selected.exemptions().into_iter().collect();
    if !exempt.is_empty() {
        exemptions.push(format!("namespaces {} (Gatekeeper's Config)", words::list(exempt)));
    }
    Ok(Some(Setter {
        kind: SetterKind::Gatekeeper,
        object: object.reference(None),
        part: None,
        sets: sets(&change),
        level: level(&steps),
        only_if_unset: only_if_unset(&change),
        scope: selected.scope(),
        exemptions,
        fail: callers.fail_mode(),
        created: created(object),
        judge: Arc::new(Mutator {
            callers: callers.clone(),
            selected,
            exempt: exempt.to_vec(),
            change,
        }),
    }))
}

/// Whether what lies at a location is a profile, part of one, or has one in it.
fn is_about_profiles(steps: &[Step]) -> bool {
    let field = |name: &str| Step::Field(name.to_owned());
    steps.contains(&field(FIELD)) || steps.last() == Some(&field("securityContext"))
}

fn assign(steps: Vec<Step>, parameters: Option<Value<'_>>) -> Result<Change, String> {
    let assigned = parameters.and_then(|value| value.field("assign"));
    let Some(value) = assigned.and_then(|value| value.field("value")) else {
        let why = "what it assigns comes from metadata or from outside of the cluster";
        return Ok(Change::Unknown(why.to_owned()));
    };
    if parameters.is_some_and(|value| value.field("assignIf").is_some()) {
        return Ok(Change::Unknown("its assignIf is not evaluated".to_owned()));
    }
    let tests = parameters.and_then(|value| value.field("pathTests"));
    let mut conditions = Tests::new();
    for test in tests.into_iter().flat_map(|list| list.items()) {
        let path = location::read(words::text(test, "subPath"))
            .map_err(|why| format!("pathTests: subPath: {why}"))?;
        if !steps.starts_with(&path) {
            return Err("pathTests: a subPath is no beginning of the location".to_owned());
        }
        let wanted = match words::text(test, "condition") {
            "MustExist" => true,
            "MustNotExist" => false,
            _ => {
                return Err(
                    "pathTests: a condition is neither MustExist nor MustNotExist".to_owned()
                );
            }
        };
        conditions.insert(path.len() - 1, wanted);
    }
    Ok(Change::Assign { steps, tests: conditions, value: value.to_json() })
}

/// What a mutator sets, as far as its value says it.
fn sets(change: &Change) -> Sets {
    let (steps, value) = match change {
        Change::Unknown(why) => return Sets::May(why.clone()),
        Change::Assign { steps, value, .. } => (steps, value),
    };
    let last = match steps.last() {
        Some(Step::Field(name)) => name.as_str(),
        _ => "",
    };
    let profile = match last {
        FIELD => profile_of(value),
        "type" => profile_of(&serde_json::json!({ "type": value })),
        "localhostProfile" => None,
        _ => value.get(FIELD).and_then(profile_of),
    };
    profile
        .map_or_else(|| Sets::May("what it assigns is no whole profile".to_owned()), Sets::Profile)
}

fn level(steps: &[Step]) -> Level {
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let is_list = |step: &Step| matches!(step, Step::Field(name) if lists.contains(&name.as_str()));
    if steps.iter().any(is_list) { Level::Containers } else { Level::Pod }
}

/// Whether what is set stays: that is known where a test asks for it.
fn only_if_unset(change: &Change) -> Option<bool> {
    match change {
        Change::Unknown(_) => None,
        Change::Assign { steps, tests, .. } => {
            let at = steps.iter().position(|step| *step == Step::Field(FIELD.to_owned()));
            Some(at.is_some_and(|at| tests.range(at..).any(|(_, must_exist)| !must_exist)))
        }
    }
}

impl Judge for Mutator {
    fn judge(&self, birth: &Birth<'_>) -> Judged {
        let namespace = birth.namespace.name;
        let exempt = if self.exempt.iter().any(|like| words::is_like(like, namespace)) {
            Matches::No(format!("Gatekeeper's Config leaves namespace {namespace} out"))
        } else {
            Matches::Yes
        };
        let asked = exempt
            .and(|| self.selected.matches(birth))
            .and(|| self.callers.matches(&birth.request()));
        birth.judged(asked, || match &self.change {
            Change::Unknown(why) => Err(why.clone()),
            Change::Assign { steps, tests, value } => {
                let mut pod = birth.pod.clone();
                location::write(&mut pod, steps, tests, value)?;
                Ok(pod)
            }
        })
    }
}
