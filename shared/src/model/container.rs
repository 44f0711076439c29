//! The containers of a pod, of all three kinds, through one visitor.

use super::node::Value;
use super::path::FieldPath;

/// Which list of the pod a container stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerKind {
    /// `initContainers`
    Init,
    /// `containers`
    Normal,
    /// `ephemeralContainers`
    Ephemeral,
}

impl ContainerKind {
    /// The three kinds, in the order in which Pod Security Admission visits them.
    pub const ALL: [Self; 3] = [Self::Init, Self::Normal, Self::Ephemeral];

    /// The field of the pod's spec.
    pub fn field(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::Normal => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

/// One container of a pod.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// Which list it stands in.
    pub kind: ContainerKind,
    /// Its position in that list.
    pub index: usize,
    /// Its name; empty if it has none.
    pub name: &'a str,
    /// The container.
    pub value: Value<'a>,
}

impl Container<'_> {
    /// The way from the pod to the container: `spec.containers[web]`.
    pub fn path(&self) -> FieldPath {
        FieldPath::of("spec").field(self.kind.field()).named(self.index, self.name)
    }
}

/// All containers of a pod's spec: init, normal, ephemeral.
pub fn containers(spec: Value<'_>) -> impl Iterator<Item = Container<'_>> {
    ContainerKind::ALL.into_iter().flat_map(move |kind| {
        let items = spec.get(kind.field()).into_iter().flat_map(|list| list.items());
        items.enumerate().map(move |(index, value)| {
            let name = value.get("name").and_then(|name| name.as_str()).unwrap_or_default();
            Container { kind, index, name, value }
        })
    })
}
