//! What `snapshot.yaml` says.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::discovery::Document;
use crate::client::failure::{Failure, FailureKind};
use crate::client::list::{List, PAGE};
use crate::client::resource::Resource;
use crate::input::selection::{Selection, SelectionArgs};
use crate::model::error::Result;
use crate::model::gap::Gap;

/// The contents of `snapshot.yaml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    /// `posture/v1`
    pub(super) api_version: String,
    /// `Snapshot`
    pub(super) kind: String,
    pub(super) tool: Tool,
    /// When it was begun, in UTC.
    pub(super) time: String,
    /// The context of the kubeconfig.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) context: Option<String>,
    pub(super) server: Server,
    pub(super) asked: Asked,
    /// In the order in which they were asked for.
    #[serde(default)]
    pub(super) lists: Vec<Entry>,
    /// What could not be found out when the words were looked up: groups of the API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) lookup_gaps: Vec<LookupGap>,
    /// What the server serves; absent if it could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) discovery: Option<Document>,
    /// What the report said was missing; for people: a replay finds the gaps again by itself.
    #[serde(default)]
    pub(super) gaps: Vec<Value>,
}

/// A gap without a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LookupGap {
    what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    why: String,
    #[serde(default)]
    hint: String,
}

impl From<&Gap> for LookupGap {
    fn from(gap: &Gap) -> Self {
        let Gap { what, object, why, hint, .. } = gap.clone();
        Self { what, object, why, hint }
    }
}

impl From<&LookupGap> for Gap {
    fn from(gap: &LookupGap) -> Self {
        let LookupGap { what, object, why, hint } = gap.clone();
        Self { what, place: None, object, why, hint }
    }
}

/// What has written a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) version: String,
}

/// The release of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Server {
    /// `1.37`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    /// Why it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Refusal>,
}

/// What a command line asks of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// `check`
    pub verb: String,
    /// The words behind the verb, such as `pods` or `ns`, `team-a`.
    pub words: Vec<String>,
    /// The namespace; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `-l`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<String>,
    /// `--field-selector`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_selector: Option<String>,
}

impl Asked {
    /// The objects that are meant. Fails in kubectl's words where that does not go together.
    pub fn selection(&self) -> Result<Selection> {
        Selection::parse(&SelectionArgs {
            words: self.words.clone(),
            all_namespaces: self.namespace.is_none(),
            label_selector: self.label_selector.clone(),
            field_selector: self.field_selector.clone(),
        })
    }
}

/// One list, or one object that was asked for by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "they are fields of a file")]
pub(super) struct Entry {
    /// Empty for the core group.
    pub(super) group: String,
    pub(super) version: String,
    pub(super) resource: String,
    pub(super) kind: String,
    pub(super) namespaced: bool,
    /// Whether the command line asked for it; else it is what verdicts depend on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) asked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) label_selector: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) field_selector: Option<String>,
    /// Only identity, labels and owners were read.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) metadata_only: bool,
    /// Where its objects are; absent if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    /// How many they are.
    pub(super) objects: usize,
    /// Whether it was read to its end.
    pub(super) complete: bool,
    /// Why it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Refusal>,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refusal {
    /// The class, a word of [`KINDS`].
    pub(super) reason: String,
    /// The HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// The server's own words, where it has said something.
    pub(super) message: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The words for classes of failures.
const KINDS: [(FailureKind, &str); 13] = [
    (FailureKind::Unauthorized, "unauthorized"),
    (FailureKind::Forbidden, "forbidden"),
    (FailureKind::NotFound, "notFound"),
    (FailureKind::Expired, "expired"),
    (FailureKind::TooManyRequests, "tooManyRequests"),
    (FailureKind::Server, "server"),
    (FailureKind::Conflict, "conflict"),
    (FailureKind::Invalid, "invalid"),
    (FailureKind::Refused, "refused"),
    (FailureKind::Timeout, "timeout"),
    (FailureKind::Unreachable, "unreachable"),
    (FailureKind::NotRecorded, "notRecorded"),
    (FailureKind::Broken, "broken"),
];

impl From<&Failure> for Refusal {
    fn from(failure: &Failure) -> Self {
        let word = KINDS.iter().find(|(kind, _)| *kind == failure.kind);
        Self {
            reason: word.map_or("broken", |(_, word)| word).to_owned(),
            status: failure.status,
            message: failure.message.clone(),
        }
    }
}

impl From<&Refusal> for Failure {
    fn from(refusal: &Refusal) -> Self {
        let kind = KINDS.iter().find(|(_, word)| *word == refusal.reason);
        Self {
            kind: kind.map_or(FailureKind::Broken, |(kind, _)| *kind),
            message: refusal.message.clone(),
            status: refusal.status,
        }
    }
}

impl Entry {
    /// A list of which nothing has been read yet.
    pub(super) fn new(list: &List, asked: bool) -> Self {
        let resource = &list.resource;
        Self {
            group: resource.group.clone(),
            version: resource.version.clone(),
            resource: resource.plural.clone(),
            kind: resource.kind.clone(),
            namespaced: resource.namespaced,
            asked,
            namespace: list.namespace.clone(),
            name: list.name.clone(),
            label_selector: list.label_selector.clone(),
            field_selector: list.field_selector.clone(),
            metadata_only: list.metadata_only,
            file: None,
            objects: 0,
            complete: false,
            failure: None,
        }
    }

    /// What was asked for.
    pub(super) fn list(&self) -> List {
        let resource = Resource {
            group: self.group.clone(),
            version: self.version.clone(),
            plural: self.resource.clone(),
            kind: self.kind.clone(),
            namespaced: self.namespaced,
        };
        List {
            resource,
            namespace: self.namespace.clone(),
            label_selector: self.label_selector.clone(),
            field_selector: self.field_selector.clone(),
            name: self.name.clone(),
            metadata_only: self.metadata_only,
            page: PAGE,
        }
    }
}
