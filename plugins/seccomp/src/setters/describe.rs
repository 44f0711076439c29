//! Setters in words.

use super::setter::{FailMode, FailurePolicy, Level, Sets, Setter};
use super::{Setters, words};

impl Setters {
    /// Who sets profiles on the cluster, a sentence each, without a full stop. Names in it are as the
    /// cluster has them: they are to be escaped before they are shown.
    pub fn describe(&self) -> Vec<String> {
        self.setters.iter().map(Setter::describe).collect()
    }
}

impl Setter {
    /// The object, and the part of it that sets profiles.
    pub fn name(&self) -> String {
        let place = self.object.namespace.as_ref();
        let place = place.map_or_else(String::new, |name| format!(" in {name}"));
        let part = self.part.as_ref().map_or_else(String::new, |part| format!(", {part}"));
        format!("{}{place}{part}", self.object)
    }

    /// What it sets, for which pods, and what becomes of pods while it is away: a sentence.
    pub fn describe(&self) -> String {
        let level = match self.level {
            Level::Pod => " on the pod",
            Level::Containers => " on containers",
            Level::Both => " on the pod and on containers",
            Level::Unknown => "",
        };
        let what = match &self.sets {
            Sets::Profile(profile) => format!("sets {profile}{level}"),
            Sets::May(why) => format!("may set a profile{level} ({why})"),
        };
        let over = match self.only_if_unset {
            Some(true) => " where none is set",
            Some(false) => ", whatever is set",
            None => "",
        };
        let exempt = if self.exemptions.is_empty() {
            String::new()
        } else {
            format!(", but not {}", words::list(&self.exemptions))
        };
        format!(
            "{} {what}{over}, for {}{exempt}; {}",
            self.name(),
            self.scope,
            self.fail.describe()
        )
    }
}

impl FailMode {
    /// What becomes of pods while the setter is away: a clause.
    pub fn describe(&self) -> String {
        let policy = match self.policy {
            FailurePolicy::Fail => "while it is away pods are refused (failurePolicy Fail",
            FailurePolicy::Ignore => "while it is away pods go without (failurePolicy Ignore",
            FailurePolicy::Unknown => {
                return "what becomes of pods while it is away is not known".to_owned();
            }
        };
        let timeout =
            self.timeout_seconds.map_or_else(String::new, |seconds| format!(", {seconds} s"));
        let webhook = self.webhook.as_ref().map_or_else(String::new, |(configuration, name)| {
            format!(", {name} of {configuration}")
        });
        format!("{policy}{timeout}{webhook})")
    }
}
