//! Lists in pages: what is asked for, and what comes back.

use super::failure::Failure;
use super::resource::Resource;

/// The size of a page, as kubectl's `--chunk-size` has it.
pub const PAGE: usize = 500;

/// One list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Of what.
    pub resource: Resource,
    /// In one namespace, or in all.
    pub namespace: Option<String>,
    /// `-l`
    pub label_selector: Option<String>,
    /// `--field-selector`
    pub field_selector: Option<String>,
    /// One object by its name: a single `get` in place of a list.
    pub name: Option<String>,
    /// Only identity, labels and owners are wanted (`PartialObjectMetadata`).
    pub metadata_only: bool,
    /// Objects in a page; 0 asks for all at once.
    pub page: usize,
}

impl List {
    /// Everything of a resource, in one namespace or in all.
    pub fn of(resource: Resource, namespace: Option<&str>) -> Self {
        Self {
            resource,
            namespace: namespace.map(str::to_owned),
            label_selector: None,
            field_selector: None,
            name: None,
            metadata_only: false,
            page: PAGE,
        }
    }

    /// One Namespace.
    pub fn of_namespace(name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..Self::of(Resource::namespaces(), None) }
    }
}

/// What happens to a list while it is read.
#[derive(Debug)]
pub enum Event {
    /// The JSON of a page (a list object), or of the one object that was asked for by name.
    Page(Vec<u8>),
    /// The continue token was too old: the list starts again, and what came so far is void.
    Restart,
    /// The list cannot be read, or not to its end; what came so far stands.
    Failed(Failure),
    /// It is complete.
    End,
}
