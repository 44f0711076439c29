//! Whether the API server could decode an object, and in which words it would refuse.
//!
//! The server reads objects into Go structs with sigs.k8s.io/json. The first value of a wrong
//! type, in the order of the bytes that kubectl sends (keys sorted), is the one it names; an
//! error from a type that decodes itself (quantities, times, ports) goes before all others.
//! Unknown fields are no errors here: kubectl's strict validation refuses them, other clients get
//! a warning.

mod custom;
mod table;

use super::node::{NodeId, Type, Value};
use super::object::Object;
use super::path::FieldPath;
use super::scalar::{Scalar, json_float};
use table::{Element, Field, Shape, Struct};

/// Where and why an object cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The server's message: `Pod in version "v1" cannot be handled as a Pod: …`.
    pub message: String,
    /// The field, from the object's root.
    pub path: FieldPath,
    /// The offending value.
    pub node: NodeId,
    /// What stands there: a JSON type's name, as Go's decoder calls it.
    pub found: String,
    /// The Go type that the server wants there.
    pub wanted: String,
}

/// A field that the server does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// The field, from the object's root.
    pub path: FieldPath,
    /// The key.
    pub node: NodeId,
}

/// What the server's decoder makes of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Why it is refused, if it is.
    pub refusal: Option<Refusal>,
    /// Fields that it does not know, in the order of the text.
    pub unknown: Vec<UnknownField>,
}

/// Decodes an object as the API server would, if it is of a kind that carries pods, a Namespace or
/// a `NetworkPolicy`; objects of other kinds come back unjudged.
pub fn decode(object: &Object) -> Decoded {
    let package = match object.group() {
        "" => "core",
        "apps" => "apps",
        "batch" => "batch",
        "networking.k8s.io" => "networking",
        _ => return Decoded::default(),
    };
    let Some(root) = table::get().kind(package, object.kind()) else {
        return Decoded::default();
    };
    let mut walk = Walk::new(false);
    walk.fields(root, object.value());
    if walk.soft.is_some() || walk.hard.is_some() {
        // Which error is the first depends on the order of the bytes sent.
        let unknown = std::mem::take(&mut walk.unknown);
        walk = Walk::new(true);
        walk.fields(root, object.value());
        walk.unknown = unknown;
    }
    let refusal = walk.hard.or(walk.soft).map(|mut refusal| {
        let version = object.api_version().rsplit('/').next().unwrap_or_default();
        let kind = object.kind();
        refusal.message = format!(
            "{kind} in version {version:?} cannot be handled as a {kind}: {}",
            refusal.message
        );
        refusal
    });
    Decoded { refusal, unknown: walk.unknown }
}

/// One step from the root to a value.
#[derive(Clone, Copy)]
enum Step<'a> {
    Field(&'static Field),
    Item(usize, Value<'a>),
    Key(&'a str),
}

struct Walk<'a> {
    sorted: bool,
    path: Vec<Step<'a>>,
    /// The struct whose field was entered last, at each depth of fields.
    structs: Vec<&'static str>,
    soft: Option<Refusal>,
    hard: Option<Refusal>,
    unknown: Vec<UnknownField>,
}

impl<'a> Walk<'a> {
    fn new(sorted: bool) -> Self {
        Self {
            sorted,
            path: Vec::new(),
            structs: Vec::new(),
            soft: None,
            hard: None,
            unknown: Vec::new(),
        }
    }

    fn fields(&mut self, of: &'static Struct, value: Value<'a>) {
        if self.sorted {
            let mut entries: Vec<_> = value.entries().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_str());
            for (key, value) in entries {
                self.field(of, key, value);
            }
        } else {
            for (key, value) in value.entries() {
                self.field(of, key, value);
            }
        }
    }

    fn field(&mut self, of: &'static Struct, key: Value<'a>, value: Value<'a>) {
        let name = key.as_str().unwrap_or_default();
        let Some(field) = of.field(name) else {
            let path = self.field_path().field(name.to_owned());
            self.unknown.push(UnknownField { path, node: key.id() });
            return;
        };
        if value.is_null() {
            return;
        }
        self.path.push(Step::Field(field));
        self.structs.push(of.name);
        self.element(&field.element, value);
        self.structs.pop();
        self.path.pop();
    }

    fn element(&mut self, element: &'static Element, value: Value<'a>) {
        // A hard error ends the decoding.
        if self.hard.is_some() || value.is_null() {
            return;
        }
        match (&element.shape, value.value_type()) {
            (Shape::Bool, Type::Bool) | (Shape::String, Type::String) => {}
            (Shape::Integer(bits), Type::Number) => match value.as_number() {
                Some(Scalar::Int(number)) if *bits == 64 || i32::try_from(number).is_ok() => {}
                number => self.refuse(value, &number_text(number), element.go_type),
            },
            (Shape::Struct(index), Type::Object) => self.fields(table::get().at(*index), value),
            (Shape::List(of), Type::Array) => {
                for (index, item) in value.items().enumerate() {
                    self.path.push(Step::Item(index, item));
                    self.element(of, item);
                    self.path.pop();
                }
            }
            (Shape::Map(of), Type::Object) => self.map(of, value),
            (Shape::Custom(custom), _) => {
                if let Err(error) = custom.check(value) {
                    let (found, wanted) = (error.found.clone(), error.wanted);
                    let message =
                        if error.in_field { self.mismatch(&found, wanted) } else { error.text };
                    self.hard = Some(self.refusal(value, message, &found, wanted));
                }
            }
            (_, found) => self.refuse(value, found.go_name(), element.go_type),
        }
    }

    fn map(&mut self, of: &'static Element, value: Value<'a>) {
        let mut entries: Vec<_> = value.entries().collect();
        if self.sorted {
            entries.sort_unstable_by_key(|(key, _)| key.as_str());
        }
        for (key, value) in entries {
            self.path.push(Step::Key(key.as_str().unwrap_or_default()));
            self.element(of, value);
            self.path.pop();
        }
    }

    fn refuse(&mut self, value: Value<'a>, found: &str, wanted: &'static str) {
        if self.soft.is_none() {
            let message = self.mismatch(found, wanted);
            self.soft = Some(self.refusal(value, message, found, wanted));
        }
    }

    fn refusal(&self, value: Value<'a>, message: String, found: &str, wanted: &str) -> Refusal {
        Refusal {
            message,
            path: self.field_path(),
            node: value.id(),
            found: found.to_owned(),
            wanted: wanted.to_owned(),
        }
    }

    /// The text of Go's `UnmarshalTypeError`: the path has embedded structs and no indices.
    fn mismatch(&self, found: &str, wanted: &str) -> String {
        let mut names = Vec::new();
        for step in &self.path {
            if let Step::Field(field) = step {
                names.extend(field.embedded);
                names.push(field.name);
            }
        }
        let owner = self.structs.last().copied().unwrap_or_default();
        format!(
            "json: cannot unmarshal {found} into Go struct field {owner}.{} of type {wanted}",
            names.join(".")
        )
    }

    fn field_path(&self) -> FieldPath {
        self.path.iter().fold(FieldPath::root(), |path, step| match step {
            Step::Field(field) => path.field(field.name),
            Step::Key(key) => path.field((*key).to_owned()),
            Step::Item(index, item) => {
                let name = item.get("name").and_then(|name| name.as_str()).unwrap_or_default();
                path.named(*index, name)
            }
        })
    }
}

/// A number that does not fit: Go prints it as it was sent.
fn number_text(number: Option<Scalar>) -> String {
    match number {
        Some(Scalar::Int(value)) => format!("number {value}"),
        Some(Scalar::Float(value)) => format!("number {}", json_float(value)),
        _ => "number".to_owned(),
    }
}
