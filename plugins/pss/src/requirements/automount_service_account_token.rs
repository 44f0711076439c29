//! `automountServiceAccountToken`: no pod is given a token of the API unasked.
//!
//! Source: `shouldAutomount` of `plugin/pkg/admission/serviceaccount`.

use posture::model::path::FieldPath;
use serde_json::json;

use super::{Answer, Facts, Requirement, at};
use crate::violation::{Subject, Violation};

pub(super) static CHECK: Requirement = Requirement {
    check: identity!(
        "automountServiceAccountToken",
        "the pod is given a token of the API",
        "automount_service_account_token.md"
    ),
    find,
    needs: &[("serviceaccounts", "ServiceAccount")],
};

fn find(facts: &Facts<'_, '_>, answer: &mut Answer) {
    let path = FieldPath::of("spec.automountServiceAccountToken");
    let value = at(facts.template.value, &path);
    let advice = match value.and_then(|value| value.as_bool()) {
        Some(false) => return,
        Some(true) => {
            let violation = Violation::forbidden(Subject::Pod, path, "true").at(value);
            let advice = "set it to false, or mount a projected token where it is needed";
            answer.miss(violation.allow(json!([false])).advise(advice));
            return;
        }
        None => {
            let text = |key: &str| {
                facts.spec().and_then(|spec| spec.field(key)?.as_str()).filter(|text| !text.is_empty())
            };
            let account =
                text("serviceAccountName").or_else(|| text("serviceAccount")).unwrap_or("default");
            match facts.neighbours.service_accounts.get(account) {
                Some(Some(false)) => return,
                Some(_) => format!("set it to false here or in ServiceAccount {account}"),
                None if facts.neighbours.accounts_unknown || facts.around.accounts_unknown => return,
                None => format!(
                    "set it to false; ServiceAccount {account} is not in the input, and true is the default"
                ),
            }
        }
    };
    answer.miss(Violation::missing(Subject::Pod, path).allow(json!([false])).advise(advice));
}
