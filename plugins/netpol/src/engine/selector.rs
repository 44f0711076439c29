//! Label selectors with their texts looked up: what is compared are numbers.

use posture::model::labels::{LabelSelector, Operator};

use super::fit::Fit;
use super::verdict::Cause;
use crate::world::{Namespace, Text, Texts};

/// A selector; equal ones select the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Selector {
    terms: Box<[Term]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Term {
    /// `None` where nothing in the world has the key.
    key: Option<Text>,
    wants: Wants,
    /// Those that something in the world has.
    values: Box<[Text]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Wants {
    One,
    None,
    Key,
    NoKey,
}

impl Selector {
    /// Looks the texts up.
    pub(super) fn new(selector: &LabelSelector, texts: &Texts) -> Self {
        let term = |requirement: &posture::model::labels::Requirement| {
            let wants = match requirement.operator() {
                Operator::NotIn => Wants::None,
                Operator::Exists => Wants::Key,
                Operator::DoesNotExist => Wants::NoKey,
                // Selectors of objects have no comparisons of numbers.
                Operator::In | Operator::GreaterThan | Operator::LessThan => Wants::One,
            };
            let mut values: Vec<Text> =
                requirement.values().iter().filter_map(|value| texts.find(value)).collect();
            values.sort_unstable();
            Term { key: texts.find(requirement.key()), wants, values: values.into() }
        };
        Self { terms: selector.requirements().iter().map(term).collect() }
    }

    /// Whether it selects everything.
    pub(super) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The keys that it looks at.
    pub(super) fn keys(&self) -> impl Iterator<Item = Text> {
        self.terms.iter().filter_map(|term| term.key)
    }

    /// A label that selected objects must have, with its values, fewest first; `None` where there is
    /// no such term.
    pub(super) fn narrowest(&self) -> Option<(Text, &[Text])> {
        let one = self.terms.iter().filter(|term| term.wants == Wants::One);
        let fewest = one.min_by_key(|term| term.key.map_or(0, |_| term.values.len()))?;
        Some(fewest.key.map_or((Text(0), &[][..]), |key| (key, &fewest.values[..])))
    }

    /// Whether these labels are selected.
    pub(super) fn matches(&self, labels: &[(Text, Text)]) -> bool {
        self.terms.iter().all(|term| term.holds(labels))
    }

    /// Whether a namespace is selected: of one that was not seen only the name is known.
    pub(super) fn fits(&self, namespace: &Namespace, name_label: Option<Text>) -> Fit {
        if namespace.seen {
            return Fit::of(self.matches(&namespace.labels));
        }
        let mut fit = Fit::YES;
        for term in &self.terms {
            if term.key.is_some() && term.key == name_label {
                if !term.holds(&namespace.labels) {
                    return Fit::NO;
                }
            } else {
                fit = Fit::may(Cause::NamespaceUnknown);
            }
        }
        fit
    }
}

impl Term {
    fn holds(&self, labels: &[(Text, Text)]) -> bool {
        let value = self.key.and_then(|key| value_of(labels, key));
        match self.wants {
            Wants::One => value.is_some_and(|value| self.values.contains(&value)),
            Wants::None => value.is_none_or(|value| !self.values.contains(&value)),
            Wants::Key => value.is_some(),
            Wants::NoKey => value.is_none(),
        }
    }
}

/// The value of a label.
pub(super) fn value_of(labels: &[(Text, Text)], key: Text) -> Option<Text> {
    labels.iter().find(|(own, _)| *own == key).map(|(_, value)| *value)
}
