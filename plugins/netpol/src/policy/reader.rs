//! What readers of all kinds share: places, lists and selectors.
//!
//! Null is no value: an absent field, and in a list an element without fields, as for Go's decoder.
//! A value of another type than the API has is never read as nothing: readers give up.

use posture::model::labels::LabelSelector;
use posture::model::node::{Type, Value};
use posture::model::object::{Object, ObjectRef};
use posture::model::source::Mark;

use super::{Namespaces, Pods};

/// Makes the marks of one object.
#[derive(Clone, Copy)]
pub(super) struct Places {
    /// Whether the object stands in a file.
    shown: bool,
}

impl Places {
    /// Those of an object.
    pub(super) fn of(object: &Object) -> Self {
        Self { shown: object.mark().is_some() }
    }

    /// Where a value stands that is an element of a list.
    pub(super) fn mark(self, value: Value<'_>) -> Option<Mark> {
        self.shown.then(|| value.mark())
    }
}

/// Who a policy is.
pub(super) fn reference(object: &Object, namespace: Option<&str>) -> ObjectRef {
    object.reference(namespace)
}

/// The fields of an object; null has none.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(Option<Value<'a>>);

impl<'a> Fields<'a> {
    /// Those of a value; `None` where it is neither an object nor nothing.
    pub(super) fn of(value: Option<Value<'a>>) -> Option<Self> {
        let value = value.filter(|value| !value.is_null());
        value.is_none_or(|value| value.value_type() == Type::Object).then_some(Self(value))
    }

    /// The value of a field; null counts as absent.
    pub(super) fn field(self, key: &str) -> Option<Value<'a>> {
        self.0?.field(key)
    }

    /// The elements of a list in a field: nothing where it is absent, `None` where it is no list.
    pub(super) fn list(self, key: &str) -> Option<impl Iterator<Item = Value<'a>> + use<'a>> {
        let list = self.field(key);
        if list.is_some_and(|list| list.value_type() != Type::Array) {
            return None;
        }
        Some(list.into_iter().flat_map(|list| list.items()))
    }
}

/// A selector; one that is absent selects everything.
pub(super) fn selector(value: Option<Value<'_>>) -> Option<LabelSelector> {
    value.map_or_else(|| Some(LabelSelector::default()), |value| LabelSelector::read(value).ok())
}

/// All pods of namespaces that are selected.
pub(super) fn all_pods(namespaces: LabelSelector) -> Pods {
    Pods { namespaces: Namespaces::Selected(namespaces), pods: LabelSelector::default() }
}
