//! Label selectors.
//!
//! Source: `ValidateLabelSelector` in pkg/apis/meta/v1/validation of k8s.io/apimachinery.

use posture::model::naming::{key_faults, label_value_faults};
use posture::model::node::Value;
use posture::model::path::FieldPath;

use super::faults::Faults;

/// Text in a field; null and absent are empty.
pub(super) fn text<'a>(of: Option<Value<'a>>, key: &str) -> &'a str {
    of.and_then(|of| of.field(key)).and_then(|text| text.as_str()).unwrap_or_default()
}

/// Labels or `matchLabels`. The server says it in no order; here they are sorted by key.
pub(super) fn labels(labels: Option<Value<'_>>, path: &FieldPath, faults: &mut Faults) {
    let mut entries: Vec<(&str, &str)> = labels
        .into_iter()
        .flat_map(|labels| labels.entries())
        .map(|(key, value)| (key.as_str().unwrap_or_default(), value.as_str().unwrap_or_default()))
        .collect();
    entries.sort_unstable();
    for (key, value) in entries {
        for why in key_faults(key) {
            faults.invalid_text(path, key, &why);
        }
        for why in label_value_faults(value) {
            faults.invalid_text(path, value, &why);
        }
    }
}

/// A selector; one that is absent has no faults.
pub(super) fn validate(selector: Option<Value<'_>>, path: &FieldPath, faults: &mut Faults) {
    let Some(selector) = selector else { return };
    labels(selector.field("matchLabels"), &path.clone().field("matchLabels"), faults);
    let expressions = selector.field("matchExpressions");
    for (index, value) in expressions.into_iter().flat_map(|list| list.items()).enumerate() {
        requirement(value, &path.element("matchExpressions", index), faults);
    }
}

fn requirement(value: Value<'_>, path: &FieldPath, faults: &mut Faults) {
    let values = value.field("values");
    let values: Vec<&str> = values
        .into_iter()
        .flat_map(|values| values.items())
        .map(|value| value.as_str().unwrap_or_default())
        .collect();
    let at_values = path.clone().field("values");
    match text(Some(value), "operator") {
        "In" | "NotIn" => {
            if values.is_empty() {
                let why = "must be specified when `operator` is 'In' or 'NotIn'";
                faults.required(&at_values, why);
            }
        }
        "Exists" | "DoesNotExist" => {
            if !values.is_empty() {
                let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                faults.forbidden(&at_values, why);
            }
        }
        other => {
            let at = path.clone().field("operator");
            let other = faults.own_type(other);
            faults.invalid(&at, &other, "not a valid selector operator");
        }
    }
    let key = text(Some(value), "key");
    let at = path.clone().field("key");
    for why in key_faults(key) {
        faults.invalid_text(&at, key, &why);
    }
    for (index, value) in values.into_iter().enumerate() {
        let at = path.element("values", index);
        for why in label_value_faults(value) {
            faults.invalid_text(&at, value, &why);
        }
    }
}
