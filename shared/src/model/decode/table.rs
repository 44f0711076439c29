//! The structs that the API server decodes into, from a table that a program makes from
//! k8s.io/api (`types.txt`, whose head says how).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::custom::Custom;

/// A Go struct.
#[derive(Debug)]
pub(super) struct Struct {
    /// Its name in errors.
    pub(super) name: &'static str,
    /// Sorted by name.
    fields: Vec<Field>,
}

/// A field of a struct.
#[derive(Debug)]
pub(super) struct Field {
    /// Its name in JSON.
    pub(super) name: &'static str,
    /// The embedded struct that it comes from, which errors name before it.
    pub(super) embedded: Option<&'static str>,
    /// What it holds.
    pub(super) element: Element,
}

/// What a field, a list or a map holds.
#[derive(Debug)]
pub(super) struct Element {
    /// The Go type, as errors print it.
    pub(super) go_type: &'static str,
    /// How it is decoded.
    pub(super) shape: Shape,
}

/// How a value is decoded.
#[derive(Debug)]
pub(super) enum Shape {
    Bool,
    String,
    /// Of so many bits.
    Integer(u8),
    /// The index in the table.
    Struct(usize),
    List(Box<Element>),
    Map(Box<Element>),
    Custom(Custom),
}

impl Struct {
    /// The field of a name, told by case.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        let at = self.fields.binary_search_by(|field| field.name.cmp(name)).ok()?;
        self.fields.get(at)
    }
}

/// All structs.
#[derive(Debug)]
pub(super) struct Table {
    structs: Vec<Struct>,
    keys: BTreeMap<&'static str, usize>,
}

const TEXT: &str = include_str!("types.txt");

/// The table, read once.
pub(super) fn get() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::read(TEXT))
}

impl Table {
    fn read(text: &'static str) -> Self {
        let lines = || {
            text.lines()
                .filter(|line| !line.starts_with('#'))
                .filter_map(|line| line.split_once('\t'))
        };
        let keys: BTreeMap<_, _> =
            lines().enumerate().map(|(index, (key, _))| (key, index)).collect();
        let structs = lines()
            .map(|(key, fields)| {
                let mut fields: Vec<_> = split(fields)
                    .into_iter()
                    .filter_map(|field| read_field(field, &keys))
                    .collect();
                fields.sort_unstable_by_key(|field| field.name);
                Struct { name: key.rsplit('.').next().unwrap_or(key), fields }
            })
            .collect();
        Self { structs, keys }
    }

    /// The struct of a kind.
    pub(super) fn kind(&self, package: &str, kind: &str) -> Option<&Struct> {
        let index = self.keys.get(format!("{package}.{kind}").as_str())?;
        // Only objects have a kind of their own.
        self.structs.get(*index).filter(|found| found.field("kind").is_some())
    }

    /// The struct at an index of [`Shape::Struct`].
    pub(super) fn at(&self, index: usize) -> &Struct {
        &self.structs[index]
    }
}

/// Splits at commas outside parentheses.
fn split(text: &'static str) -> Vec<&'static str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if start < text.len() {
        parts.push(&text[start..]);
    }
    parts
}

fn read_field(text: &'static str, keys: &BTreeMap<&'static str, usize>) -> Option<Field> {
    let (name, element) = text.split_once(':')?;
    let (name, embedded) = match name.split_once('@') {
        Some((name, embedded)) => (name, Some(embedded)),
        None => (name, None),
    };
    Some(Field { name, embedded, element: read_element(element, keys)? })
}

fn read_element(text: &'static str, keys: &BTreeMap<&'static str, usize>) -> Option<Element> {
    let (go_type, shape) = text.split_once(':')?;
    let inside = |name: &str| shape.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    let shape = match shape {
        "bool" => Shape::Bool,
        "string" => Shape::String,
        "int32" => Shape::Integer(32),
        "int64" => Shape::Integer(64),
        _ => {
            if let Some(key) = inside("struct") {
                Shape::Struct(*keys.get(key)?)
            } else if let Some(element) = inside("list") {
                Shape::List(Box::new(read_element(element, keys)?))
            } else if let Some(element) = inside("map") {
                Shape::Map(Box::new(read_element(element, keys)?))
            } else {
                Shape::Custom(Custom::named(inside("custom")?)?)
            }
        }
    };
    Some(Element { go_type, shape })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let mut fields = 0;
        for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
            let (key, rest) = line.split_once('\t').expect("a tab");
            for field in split(rest) {
                assert!(read_field(field, &get().keys).is_some(), "{key}: {field}");
                fields += 1;
            }
        }
        assert!(fields > 800, "{fields}");
        for (package, kind) in [
            ("core", "Pod"),
            ("apps", "Deployment"),
            ("batch", "CronJob"),
            ("core", "Namespace"),
            ("networking", "NetworkPolicy"),
        ] {
            assert!(get().kind(package, kind).is_some(), "{kind}");
        }
        assert!(get().kind("core", "Container").is_none());
    }
}
