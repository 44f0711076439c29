//! What a check found in one place of a pod.

use std::borrow::Cow;

use posture::finding::check::Severity;
use posture::finding::fix::Fix;
use posture::model::path::FieldPath;
use serde_json::Value as Json;

/// One thing that is wrong with what confines a container.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The identifier of the check.
    pub check: &'static str,
    /// How much it weighs here.
    pub severity: Severity,
    /// The container, where one is meant.
    pub container: Option<String>,
    /// The field, from the object's root.
    pub path: FieldPath,
    /// What stands there; `None` if the field is missing.
    pub value: Option<Json>,
    /// The values that would be accepted, where they can be listed: an array.
    pub allowed: Option<Json>,
    /// What is wrong: a sentence without a full stop.
    pub message: String,
    /// What to do instead: an imperative half-sentence without a full stop.
    pub advice: Cow<'static, str>,
    /// What would mend it; edits of the grade C are a proposal, for somebody to decide about.
    pub fix: Option<Fix>,
}

impl Violation {
    /// A violation of which only the essentials are known yet.
    pub(crate) fn new(
        check: &'static str,
        severity: Severity,
        path: FieldPath,
        message: String,
    ) -> Self {
        Self {
            check,
            severity,
            container: None,
            path,
            value: None,
            allowed: None,
            message,
            advice: Cow::Borrowed(""),
            fix: None,
        }
    }

    /// Names the container.
    pub(crate) fn of(mut self, container: Option<&str>) -> Self {
        self.container = container.map(str::to_owned);
        self
    }

    /// Says what stands there.
    pub(crate) fn at(mut self, value: Json) -> Self {
        self.value = Some(value);
        self
    }

    /// Says which values would be accepted.
    pub(crate) fn allow(mut self, allowed: Json) -> Self {
        self.allowed = Some(allowed);
        self
    }

    /// Says what to do instead.
    pub(crate) fn advise(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.advice = advice.into();
        self
    }

    /// Says what would mend it.
    pub(crate) fn mend(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.fix = fix.into();
        self
    }
}
