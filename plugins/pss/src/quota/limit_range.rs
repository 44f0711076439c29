//! A LimitRange: the defaults it sets, and what it refuses.
//!
//! Sources: `plugin/pkg/admission/limitranger/admission.go`, `SetDefaults_LimitRangeItem`.

use std::collections::BTreeSet;

use posture::model::node::Value;
use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::model::quantity::Quantity;
use serde_json::{Value as Json, json};

use super::Refusal;
use super::demand::{Demand, Requirements};
use super::resources::{Malformed, ResourceList, fill, read};

/// The greatest number whose thousandths fit in 64 bits.
const MOST_MILLI: i64 = i64::MAX / 1000;

/// What an item is about. Of claims it says nothing about pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Container,
    Pod,
    Other,
}

/// One element of `spec.limits`.
#[derive(Clone, Debug)]
struct Item {
    scope: Scope,
    min: ResourceList,
    max: ResourceList,
    default: ResourceList,
    default_request: ResourceList,
    ratio: ResourceList,
}

/// A LimitRange.
#[derive(Clone, Debug)]
pub struct LimitRange {
    name: String,
    items: Vec<Item>,
}

impl LimitRange {
    /// Reads a LimitRange, with the defaults that the server gives it. Fails where an amount is
    /// none.
    pub fn read(object: &Object) -> Result<Self, Malformed> {
        let limits = object.value().field("spec").and_then(|spec| spec.field("limits"));
        let items = limits.into_iter().flat_map(|limits| limits.items());
        let items = items.enumerate().map(|(index, item)| Item::read(index, item));
        Ok(Self { name: object.name().to_owned(), items: items.collect::<Result<_, _>>()? })
    }

    /// The requests and limits that it gives to containers which say nothing.
    pub(super) fn defaults(&self) -> (ResourceList, ResourceList) {
        let (mut requests, mut limits) = (ResourceList::new(), ResourceList::new());
        for item in self.items.iter().filter(|item| item.scope == Scope::Container) {
            requests.extend(item.default_request.clone());
            limits.extend(item.default.clone());
        }
        (requests, limits)
    }

    /// Everything that it refuses of a pod.
    pub(super) fn refusals(&self, demand: &Demand<'_>) -> Vec<Refusal> {
        let mut found = Vec::new();
        let mut said = BTreeSet::new();
        for item in &self.items {
            match item.scope {
                Scope::Container => {
                    for (index, container) in demand.containers.iter().enumerate() {
                        for broken in item.broken(&container.asks, "Container") {
                            let path = container.container.path();
                            found.push(broken.refusal(&self.name, path, Some(index)));
                        }
                    }
                }
                Scope::Pod => {
                    for broken in item.broken(&demand.of_pod(), "Pod") {
                        found.push(broken.refusal(&self.name, FieldPath::of("spec"), None));
                    }
                }
                Scope::Other => {}
            }
        }
        // The server says the same only once.
        found.retain(|refusal| said.insert((refusal.container, refusal.text.clone())));
        found
    }
}

/// A rule of an item that is broken.
struct Broken {
    text: String,
    /// `requests` or `limits`
    list: &'static str,
    resource: String,
    asked: Option<Quantity>,
    limit: Json,
}

impl Broken {
    fn refusal(self, name: &str, owner: FieldPath, container: Option<usize>) -> Refusal {
        Refusal {
            by: Some(format!("LimitRange {name}")),
            text: self.text,
            container,
            path: owner.fields("resources").fields(self.list).field(self.resource),
            asked: self.asked.map(|asked| asked.to_string().into()),
            limits: Some(self.limit),
            admitted: None,
        }
    }
}

impl Item {
    fn read(index: usize, item: Value<'_>) -> Result<Self, Malformed> {
        let path = FieldPath::of("spec.limits").index(index);
        let list = |name: &'static str| read(item.field(name), &path.clone().fields(name));
        let scope = match item.field("type").and_then(|kind| kind.as_str()) {
            Some("Container") => Scope::Container,
            Some("Pod") => Scope::Pod,
            _ => Scope::Other,
        };
        let mut read = Self {
            scope,
            min: list("min")?,
            max: list("max")?,
            default: list("default")?,
            default_request: list("defaultRequest")?,
            ratio: list("maxLimitRequestRatio")?,
        };
        if scope == Scope::Container {
            fill(&mut read.default, &read.max);
            fill(&mut read.default_request, &read.default);
            fill(&mut read.default_request, &read.min);
        }
        Ok(read)
    }

    fn broken(&self, asks: &Requirements, scope: &str) -> Vec<Broken> {
        let mut found = Vec::new();
        for (name, least) in &self.min {
            found.extend(below_least(scope, name, least, asks));
        }
        for (name, most) in &self.max {
            found.extend(above_most(scope, name, most, asks));
        }
        for (name, ratio) in &self.ratio {
            found.extend(above_ratio(scope, name, ratio, asks));
        }
        found
    }
}

/// What is compared: in thousandths if all fit.
fn comparable(request: Option<&Quantity>, limit: Option<&Quantity>, rule: &Quantity) -> [i64; 3] {
    let of = |number: fn(&Quantity) -> i64| {
        [request.map_or(0, number), limit.map_or(0, number), number(rule)]
    };
    let whole = of(Quantity::value);
    if whole.iter().all(|value| *value <= MOST_MILLI) { of(Quantity::milli_value) } else { whole }
}

/// `minConstraint`
fn below_least(scope: &str, name: &str, least: &Quantity, asks: &Requirements) -> Option<Broken> {
    let (request, limit) = (asks.requests.get(name), asks.limits.get(name));
    let [requested, limited, enforced] = comparable(request, limit, least);
    let start = format!("minimum {name} usage per {scope} is {least}");
    let (text, list, asked) = match (request, limit) {
        (None, _) => (format!("{start}.  No request is specified"), "requests", None),
        (Some(request), _) if requested < enforced => {
            (format!("{start}, but request is {request}"), "requests", Some(request))
        }
        (_, Some(limit)) if limited < enforced => {
            (format!("{start}, but limit is {limit}"), "limits", Some(limit))
        }
        _ => return None,
    };
    let limit = json!({ "min": least.to_string() });
    Some(Broken { text, list, resource: name.to_owned(), asked: asked.cloned(), limit })
}

/// `maxConstraint`
fn above_most(scope: &str, name: &str, most: &Quantity, asks: &Requirements) -> Option<Broken> {
    let (request, limit) = (asks.requests.get(name), asks.limits.get(name));
    let [requested, limited, enforced] = comparable(request, limit, most);
    let start = format!("maximum {name} usage per {scope} is {most}");
    let (text, list, asked) = match (request, limit) {
        (_, None) => (format!("{start}.  No limit is specified"), "limits", None),
        (_, Some(limit)) if limited > enforced => {
            (format!("{start}, but limit is {limit}"), "limits", Some(limit))
        }
        (Some(request), _) if requested > enforced => {
            (format!("{start}, but request is {request}"), "requests", Some(request))
        }
        _ => return None,
    };
    let limit = json!({ "max": most.to_string() });
    Some(Broken { text, list, resource: name.to_owned(), asked: asked.cloned(), limit })
}

/// `limitRequestRatioConstraint`
#[expect(clippy::cast_precision_loss, reason = "the server compares floating-point numbers")]
fn above_ratio(scope: &str, name: &str, most: &Quantity, asks: &Requirements) -> Option<Broken> {
    let (request, limit) = (asks.requests.get(name), asks.limits.get(name));
    let [requested, limited, _] = comparable(request, limit, most);
    let start = format!("{name} max limit to request ratio per {scope} is {most}");
    let (text, list, asked) = if request.is_none() || requested == 0 {
        (format!("{start}, but no request is specified or request is 0"), "requests", request)
    } else if limit.is_none() || limited == 0 {
        (format!("{start}, but no limit is specified or limit is 0"), "limits", limit)
    } else {
        let ratio = limited as f64 / requested as f64;
        let exceeds = if most.value() <= MOST_MILLI {
            ratio * 1000.0 > most.milli_value() as f64
        } else {
            ratio > most.value() as f64
        };
        if !exceeds {
            return None;
        }
        (format!("{start}, but provided ratio is {ratio:.6}"), "limits", limit)
    };
    let limit = json!({ "maxLimitRequestRatio": most.to_string() });
    Some(Broken { text, list, resource: name.to_owned(), asked: asked.cloned(), limit })
}
