//! Field paths that can be printed, looked up in a document, and edited later.

use std::borrow::Cow;
use std::fmt;

use super::node::Value;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// A key of a mapping.
    Field(Cow<'static, str>),
    /// An element of a list.
    Index(usize),
    /// An element of a list that Kubernetes tells apart by name (or another key).
    Named {
        /// Its position, for looking it up.
        index: usize,
        /// Its name, for printing and for fingerprints.
        name: String,
    },
}

/// The way from one value down to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldPath(Vec<Segment>);

impl FieldPath {
    /// The path that leads nowhere: the value itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// A path of plain keys, written with dots.
    pub fn of(dotted: &'static str) -> Self {
        Self::root().fields(dotted)
    }

    /// The path with one more key.
    #[must_use]
    pub fn field(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Segment::Field(key.into()));
        self
    }

    /// The path with more keys, written with dots.
    #[must_use]
    pub fn fields(mut self, dotted: &'static str) -> Self {
        self.0.extend(
            dotted
                .split('.')
                .filter(|key| !key.is_empty())
                .map(|key| Segment::Field(Cow::Borrowed(key))),
        );
        self
    }

    /// The path to one element of a list.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Segment::Index(index));
        self
    }

    /// The path to one element of a list in a field: in one step, for what makes many.
    #[must_use]
    pub fn element(&self, key: &'static str, index: usize) -> Self {
        let mut segments = Vec::with_capacity(self.0.len() + 2);
        segments.extend_from_slice(&self.0);
        segments.push(Segment::Field(Cow::Borrowed(key)));
        segments.push(Segment::Index(index));
        Self(segments)
    }

    /// The path to one element of a list that goes by a name; without a name by its position.
    #[must_use]
    pub fn named(mut self, index: usize, name: &str) -> Self {
        self.0.push(if name.is_empty() {
            Segment::Index(index)
        } else {
            Segment::Named { index, name: name.to_owned() }
        });
        self
    }

    /// This path, then the other.
    #[must_use]
    pub fn join(mut self, rest: &Self) -> Self {
        self.0.extend(rest.0.iter().cloned());
        self
    }

    /// The way to what holds the value; the root holds itself.
    #[must_use]
    pub fn parent(mut self) -> Self {
        self.0.pop();
        self
    }

    /// What is left of the way behind its first steps.
    #[must_use]
    pub fn behind(&self, steps: usize) -> Self {
        Self(self.0.iter().skip(steps).cloned().collect())
    }

    /// The steps, from the outside in.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The value at the path, or else the deepest value on the way that exists: `(value, true)`
    /// if the whole path was found.
    pub fn look_up<'a>(&self, root: Value<'a>) -> (Value<'a>, bool) {
        let mut value = root;
        for segment in &self.0 {
            let next = match segment {
                Segment::Field(key) => value.get(key),
                Segment::Index(index) | Segment::Named { index, .. } => value.items().nth(*index),
            };
            match next {
                Some(next) => value = next,
                None => return (value, false),
            }
        }
        (value, true)
    }
}

/// Whether a key can be printed bare between dots.
fn is_plain_key(key: &str) -> bool {
    !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(key) if is_plain_key(key) => {
                    if position > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(key)?;
                }
                Segment::Field(key) => write!(f, "[{key:?}]")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Named { name, .. } => write!(f, "[{name}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_names_and_odd_keys() {
        let path = FieldPath::of("spec.containers").named(1, "web").fields("securityContext");
        assert_eq!(path.to_string(), "spec.containers[web].securityContext");
        let path = FieldPath::of("metadata.annotations").field("a.b/c");
        assert_eq!(path.to_string(), "metadata.annotations[\"a.b/c\"]");
        let path = FieldPath::of("spec.containers").named(0, "");
        assert_eq!(path.to_string(), "spec.containers[0]");
        assert_eq!(path.behind(1).to_string(), "containers[0]");
        assert_eq!(path.element("ports", 2).to_string(), "spec.containers[0].ports[2]");
        assert_eq!(path.parent().to_string(), "spec.containers");
        assert_eq!(FieldPath::root().parent().behind(1), FieldPath::root());
    }
}
