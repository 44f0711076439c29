//! The objects around a pod that requirements depend on.

use std::collections::BTreeMap;

use posture::model::gap::Gap;
use posture::model::object::Object;
use posture::model::path::FieldPath;

use super::limit_range::LimitRange;
use super::resource_quota::ResourceQuota;
use super::resources::{Malformed, ResourceList, read};

/// What lives beside a pod in its namespace.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// The LimitRanges by name.
    pub limit_ranges: BTreeMap<String, LimitRange>,
    /// The ResourceQuotas by name.
    pub quotas: BTreeMap<String, ResourceQuota>,
    /// The ServiceAccounts: whether each gives its token to pods, if it says so.
    pub service_accounts: BTreeMap<String, Option<bool>>,
    /// Whether the ServiceAccounts could not be read.
    pub accounts_unknown: bool,
}

impl Neighbours {
    /// Whether no LimitRange and no ResourceQuota is known.
    pub fn is_free(&self) -> bool {
        self.limit_ranges.is_empty() && self.quotas.is_empty()
    }
}

/// Everything that requirements depend on beside the pod itself.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    namespaces: BTreeMap<String, Neighbours>,
    nobody: Neighbours,
    overheads: BTreeMap<String, ResourceList>,
    default_priority: Option<(i64, String)>,
    /// Whether the ServiceAccounts of no namespace could be read.
    pub accounts_unknown: bool,
}

impl Surroundings {
    /// Collects what matters among objects; `namespace_of` says where an object lives. A later
    /// object takes the place of an earlier one. What cannot be read is a gap.
    pub fn note<'a>(
        &mut self,
        objects: impl IntoIterator<Item = &'a Object>,
        namespace_of: impl Fn(&'a Object) -> &'a str,
        gaps: &mut Vec<Gap>,
    ) {
        for object in objects {
            if let Err(malformed) = self.note_one(object, || namespace_of(object)) {
                gaps.push(Gap {
                    what: "object".to_owned(),
                    place: object.mark(),
                    object: Some(object.reference(object.namespace()).to_string()),
                    why: format!("{}: {}", malformed.path, malformed.why),
                    hint: "what it asks of pods is not known".to_owned(),
                });
            }
        }
    }

    fn note_one<'a>(
        &mut self,
        object: &'a Object,
        namespace: impl Fn() -> &'a str,
    ) -> Result<(), Malformed> {
        let value = object.value();
        match (object.api_version(), object.kind()) {
            ("v1", "LimitRange") => {
                let limit_range = LimitRange::read(object)?;
                let known = &mut self.in_namespace(namespace()).limit_ranges;
                known.insert(object.name().to_owned(), limit_range);
            }
            ("v1", "ResourceQuota") => {
                let quota = ResourceQuota::read(object)?;
                let known = &mut self.in_namespace(namespace()).quotas;
                let quota = quota.in_place_of(known.get(object.name()));
                known.insert(object.name().to_owned(), quota);
            }
            ("v1", "ServiceAccount") => {
                let gives = value.field("automountServiceAccountToken");
                let gives = gives.and_then(|gives| gives.as_bool());
                self.in_namespace(namespace())
                    .service_accounts
                    .insert(object.name().to_owned(), gives);
            }
            ("node.k8s.io/v1", "RuntimeClass") => {
                let fixed = value.field("overhead").and_then(|overhead| overhead.field("podFixed"));
                let fixed = read(fixed, &FieldPath::of("overhead.podFixed"))?;
                self.overheads.insert(object.name().to_owned(), fixed);
            }
            ("scheduling.k8s.io/v1", "PriorityClass")
                if value.field("globalDefault").and_then(|is| is.as_bool()) == Some(true) =>
            {
                let number = value.field("value").and_then(|value| value.as_i64());
                let class = (number.unwrap_or_default(), object.name().to_owned());
                // Of several the server takes the lowest.
                if self.default_priority.as_ref().is_none_or(|known| class < *known) {
                    self.default_priority = Some(class);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn in_namespace(&mut self, namespace: &str) -> &mut Neighbours {
        self.namespaces.entry(namespace.to_owned()).or_default()
    }

    /// These, with others in the place of those of the same names.
    #[must_use]
    pub fn overlaid(mut self, over: Self) -> Self {
        for (namespace, own) in over.namespaces {
            let known = self.in_namespace(&namespace);
            known.limit_ranges.extend(own.limit_ranges);
            known.service_accounts.extend(own.service_accounts);
            for (name, quota) in own.quotas {
                let quota = quota.in_place_of(known.quotas.get(&name));
                known.quotas.insert(name, quota);
            }
        }
        self.overheads.extend(over.overheads);
        self.default_priority = over.default_priority.or(self.default_priority);
        self
    }

    /// That the ServiceAccounts of a namespace, or of all, could not be read.
    pub fn accounts_unreadable(&mut self, namespace: Option<&str>) {
        match namespace {
            Some(namespace) => self.in_namespace(namespace).accounts_unknown = true,
            None => self.accounts_unknown = true,
        }
    }

    /// What lives in a namespace.
    pub fn of(&self, namespace: &str) -> &Neighbours {
        self.namespaces.get(namespace).unwrap_or(&self.nobody)
    }

    /// What a RuntimeClass takes for itself, if that is known.
    pub(super) fn overhead(&self, runtime_class: &str) -> Option<&ResourceList> {
        self.overheads.get(runtime_class)
    }

    /// The PriorityClass of pods that name none; empty if there is none.
    pub(super) fn default_priority(&self) -> &str {
        self.default_priority.as_ref().map_or("", |(_, name)| name)
    }
}
