//! From resource arguments to objects that have been read already: `-f FILES deploy/web`.
//!
//! Types are what they would be on a server that has the objects. Source of the filter by labels:
//! `FilterByLabelSelector` of k8s.io/cli-runtime/pkg/resource. kubectl takes no types and names
//! beside files, and passes over field selectors.

use super::{Selection, What, refuse, split};
use crate::client::discovery::Discovery;
use crate::client::resource::Resource;
use crate::model::error::{Error, Result};
use crate::model::gap::Gap;
use crate::model::labels::LabelSelector;
use crate::model::object::Object;

/// How the gap begins of what was named and is in no file.
pub const ABSENT: &str = "not in the files that were named";

/// How many objects a hint names.
const SHOWN: usize = 4;

/// What resource arguments mean among objects.
#[derive(Debug, Default)]
pub struct Picked {
    /// What is meant, in its order.
    pub objects: Vec<Object>,
    /// All the others.
    pub aside: Vec<Object>,
    /// What was named and is not among the objects.
    pub gaps: Vec<Gap>,
    /// kubectl's warnings about short names that could mean something else too. They hold names
    /// from the files: whoever shows them escapes them.
    pub warnings: Vec<String>,
}

/// One argument, and whether anything is meant by it.
struct Wanted {
    /// As it was written.
    word: String,
    /// The types, each with its version where that was written.
    types: Vec<(Resource, bool)>,
    name: Option<String>,
    found: bool,
}

impl Selection {
    /// Picks objects. `namespace` is that of `-n`, if it was given: beside types and names only
    /// what is in it is meant, unless there is `-A`. Fails in kubectl's words, and where a field
    /// selector was given: only a server knows what fields those are.
    pub fn pick(&self, objects: Vec<Object>, namespace: Option<&str>) -> Result<Picked> {
        let labels = self.labels_in_files()?;
        let mut picked = Picked::default();
        if self.names_nothing() && self.label_selector.is_none() {
            picked.objects = objects;
            return Ok(picked);
        }
        let namespace = namespace.filter(|_| !self.all_namespaces);
        let discovery = Discovery::of_objects(&objects);
        let mut wanted = self.wanted(&discovery, &mut picked.warnings)?;
        let mut meant: Vec<bool> = Vec::with_capacity(objects.len());
        for object in &objects {
            let mut any = self.names_nothing();
            let is_there = is_in(object, namespace);
            for wanted in wanted.iter_mut().filter(|wanted| is_there && wanted.means(object)) {
                wanted.found = true;
                any = true;
            }
            meant.push(any);
        }
        let missing = wanted.iter().filter(|wanted| !wanted.found);
        picked.gaps.extend(missing.map(|wanted| wanted.gap(&objects, namespace)));
        let any = meant.contains(&true);
        for (object, meant) in objects.into_iter().zip(meant) {
            if meant && labels.selects(&object) {
                picked.objects.push(object);
            } else {
                picked.aside.push(object);
            }
        }
        if any && picked.objects.is_empty() {
            picked.gaps.extend(self.gap_of_labels());
        }
        Ok(picked)
    }

    /// The label selector, where no server is asked. Fails where there is a field selector.
    pub fn labels_in_files(&self) -> Result<LabelSelector> {
        if self.field_selector.is_some() {
            return Err(Error::usage("--field-selector: only a server selects by fields")
                .hint("beside -f and -k name TYPE/NAME, or select by labels with -l"));
        }
        let labels = self.label_selector.as_deref().unwrap_or_default();
        LabelSelector::parse(labels).map_err(Error::usage)
    }

    /// The gap of a label selector that selects nothing, if there is a selector.
    pub fn gap_of_labels(&self) -> Option<Gap> {
        self.label_selector.as_ref().map(|labels| Gap {
            what: "object".to_owned(),
            place: None,
            object: Some(format!("-l {labels}")),
            why: "nothing in the files that were named has such labels".to_owned(),
            hint: String::new(),
        })
    }

    fn wanted(&self, discovery: &Discovery, warnings: &mut Vec<String>) -> Result<Vec<Wanted>> {
        let mut find = |word: &str| -> Option<(Resource, bool)> {
            let resource = discovery.find(word, warnings)?;
            // `deployments.v1.apps`
            let end = format!(".{}.{}", resource.version, resource.group);
            let versioned = word.ends_with(&end);
            Some((resource, versioned))
        };
        let expand = |word: &str| discovery.category(word);
        Ok(match &self.what {
            What::Nothing => Vec::new(),
            What::Types(types) => {
                let wanted = |word: String| {
                    let members = expand(&word).unwrap_or_else(|| vec![word.clone()]);
                    let types = members.iter().filter_map(|member| find(member)).collect();
                    Wanted { word, types, name: None, found: false }
                };
                split(types).into_iter().map(wanted).collect()
            }
            What::Names(of, names) => {
                let of = split(of).join(",");
                let members = expand(&of).unwrap_or_else(|| vec![of.clone()]);
                let [member] = members.as_slice() else {
                    return refuse("you must specify only one resource");
                };
                let types: Vec<_> = find(member).into_iter().collect();
                let wanted = |name: &String| Wanted::named(&of, types.clone(), name);
                names.iter().map(wanted).collect::<Result<_>>()?
            }
            What::Pairs(pairs) => {
                let wanted = |(of, name): &(String, String)| {
                    Wanted::named(of, find(of).into_iter().collect(), name)
                };
                pairs.iter().map(wanted).collect::<Result<_>>()?
            }
        })
    }
}

impl Wanted {
    fn named(of: &str, types: Vec<(Resource, bool)>, name: &str) -> Result<Self> {
        if name.is_empty() {
            return refuse("resource name may not be empty");
        }
        let word = format!("{of}/{name}");
        Ok(Self { word, types, name: Some(name.to_owned()), found: false })
    }

    fn means(&self, object: &Object) -> bool {
        self.name.as_ref().is_none_or(|name| name == object.name()) && self.is_of_type(object)
    }

    fn is_of_type(&self, object: &Object) -> bool {
        self.types.iter().any(|(resource, versioned)| {
            if *versioned {
                return object.kind() == resource.kind
                    && object.api_version() == resource.api_version();
            }
            object.kind() == resource.kind
                && stored_in(object.group(), object.kind())
                    == stored_in(&resource.group, &resource.kind)
        })
    }

    /// What is said where nothing is meant.
    fn gap(&self, objects: &[Object], namespace: Option<&str>) -> Gap {
        let type_is_there = || objects.iter().any(|object| self.is_of_type(object));
        let object = match (self.types.as_slice(), &self.name) {
            ([(resource, _)], Some(name)) => {
                let group = &resource.group;
                let dot = if group.is_empty() { "" } else { "." };
                format!("{}{dot}{group}/{name}", resource.kind.to_lowercase())
            }
            ([(resource, _)], None) => resource.qualified(),
            _ => self.word.clone(),
        };
        let scope = namespace.filter(|_| type_is_there());
        let scope = scope.map(|namespace| format!(" in namespace {namespace}"));
        let why = format!("{ABSENT}{}", scope.unwrap_or_default());
        Gap {
            what: "object".to_owned(),
            place: None,
            object: Some(object),
            why,
            hint: self.hint(objects, namespace),
        }
    }

    /// What is there in place of it.
    fn hint(&self, objects: &[Object], namespace: Option<&str>) -> String {
        let elsewhere = objects.iter().find(|object| self.means(object));
        if let Some(other) = elsewhere.and_then(|object| object.namespace()) {
            return format!("it is in namespace {other}: say -n {other}, or -A");
        }
        let same_name = |object: &&Object| self.name.as_deref() == Some(object.name());
        let same_type = |object: &&Object| self.is_of_type(object) && is_in(object, namespace);
        let mut others: Vec<String> = objects.iter().filter(same_name).map(named).collect();
        if others.is_empty() {
            others = objects.iter().filter(same_type).map(named).collect();
        }
        others.dedup();
        if !others.is_empty() {
            let more = match others.len().saturating_sub(SHOWN) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            others.truncate(SHOWN);
            return format!("there is {}{more}", others.join(", "));
        }
        if self.types.is_empty() {
            return "the short names of other types than Kubernetes' own are in their CustomResourceDefinition: add it to -f, or name the kind".to_owned();
        }
        String::new()
    }
}

/// `deployment.apps/web`
fn named(object: &Object) -> String {
    object.reference(None).to_string()
}

/// Whether an object is in a namespace, or would be: it may name none.
fn is_in(object: &Object, namespace: Option<&str>) -> bool {
    namespace.is_none_or(|namespace| object.namespace().is_none_or(|own| own == namespace))
}

/// The group that a kind is stored in, where a server has it in two.
///
/// Source: `AddCohabitatingResources` in `pkg/kubeapiserver` of Kubernetes.
fn stored_in<'a>(group: &'a str, kind: &str) -> &'a str {
    match (group, kind) {
        ("extensions", "Deployment" | "DaemonSet" | "ReplicaSet") => "apps",
        ("extensions", "Ingress" | "NetworkPolicy") => "networking.k8s.io",
        ("extensions", "PodSecurityPolicy") => "policy",
        ("events.k8s.io", "Event") => "",
        _ => group,
    }
}
