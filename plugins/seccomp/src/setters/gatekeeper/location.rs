//! The place in an object that a mutator of Gatekeeper writes to, and the writing.
//!
//! Source: `pkg/mutation/path/{parser,tester}` and `pkg/mutation/mutators/core` of Gatekeeper.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

/// One step of a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// `securityContext`
    Field(String),
    /// `[name: web]`; without a value `[name: *]`.
    Element { key: String, value: Option<String> },
}

/// Reads `spec.containers[name: *].securityContext`. Fails with what is wrong with it.
pub(super) fn read(text: &str) -> Result<Vec<Step>, String> {
    let mut rest = text.trim();
    let mut steps = Vec::new();
    loop {
        let field;
        (field, rest) = word(rest)?;
        steps.push(Step::Field(field));
        if let Some(inner) = rest.strip_prefix('[') {
            let (key, after) = word(inner)?;
            let after =
                after.strip_prefix(':').ok_or("a key of a list without a value")?.trim_start();
            let value;
            (value, rest) = match after.strip_prefix('*') {
                Some(after) => (None, after.trim_start()),
                None => word(after).map(|(value, after)| (Some(value), after))?,
            };
            steps.push(Step::Element { key, value });
            rest = rest.strip_prefix(']').ok_or("a key of a list is not closed by ]")?.trim_start();
        }
        if rest.is_empty() {
            return Ok(steps);
        }
        rest = rest.strip_prefix('.').ok_or("a step does not begin with a dot")?.trim_start();
    }
}

/// A word, in quotes or not, and what follows it.
fn word(text: &str) -> Result<(String, &str), String> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''));
    if let Some(quote) = quote {
        let (word, rest) = text[1..].split_once(quote).ok_or("a quote is not closed")?;
        return Ok((word.to_owned(), rest.trim_start()));
    }
    let end = text.find(|one: char| !one.is_alphanumeric() && !matches!(one, '-' | '_' | '/'));
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    if word.is_empty() {
        return Err("a step without a name".to_owned());
    }
    Ok((word.to_owned(), rest.trim_start()))
}

/// What must, or must not, be there for a mutator to write: by the number of the step.
pub(super) type Tests = BTreeMap<usize, bool>;

/// Writes a value to its location; whether it was written.
pub(super) fn write(
    current: &mut Json,
    steps: &[Step],
    tests: &Tests,
    value: &Json,
) -> Result<bool, String> {
    Writer { steps, tests, value }.write(current, 0)
}

struct Writer<'a> {
    steps: &'a [Step],
    tests: &'a Tests,
    value: &'a Json,
}

impl Writer<'_> {
    fn may(&self, depth: usize, exists: bool) -> bool {
        self.tests.get(&depth).is_none_or(|wanted| *wanted == exists)
    }

    fn write(&self, current: &mut Json, depth: usize) -> Result<bool, String> {
        match &self.steps[depth] {
            Step::Field(name) => {
                let fields = current.as_object_mut();
                self.field(fields.ok_or("its location is another one in pods")?, name, depth)
            }
            Step::Element { key, value } => {
                let items = current.as_array_mut();
                let items = items.ok_or("its location is another one in pods")?;
                self.element(items, key, value.as_deref(), depth)
            }
        }
    }

    fn field(
        &self,
        fields: &mut Map<String, Json>,
        name: &str,
        depth: usize,
    ) -> Result<bool, String> {
        if !self.may(depth, fields.contains_key(name)) {
            return Ok(false);
        }
        let Some(next) = self.steps.get(depth + 1) else {
            fields.insert(name.to_owned(), self.value.clone());
            return Ok(true);
        };
        if let Some(inner) = fields.get_mut(name) {
            return self.write(inner, depth + 1);
        }
        let mut inner = if matches!(next, Step::Field(_)) { json!({}) } else { json!([]) };
        let written = self.write(&mut inner, depth + 1)?;
        if written {
            fields.insert(name.to_owned(), inner);
        }
        Ok(written)
    }

    fn element(
        &self,
        items: &mut Vec<Json>,
        key: &str,
        wanted: Option<&str>,
        depth: usize,
    ) -> Result<bool, String> {
        if depth + 1 == self.steps.len() {
            return Err("it replaces whole elements of a list".to_owned());
        }
        if wanted.is_none() && !self.may(depth, true) {
            return Ok(false);
        }
        let (mut written, mut found) = (false, false);
        for item in items.iter_mut() {
            let is_it = wanted.is_none_or(|wanted| item[key].as_str() == Some(wanted));
            if is_it {
                if !self.may(depth, true) {
                    return Ok(false);
                }
                found = true;
                written |= self.write(item, depth + 1)?;
            }
        }
        match wanted {
            Some(wanted) if !found && self.may(depth, false) => {
                let mut item = json!({ key: wanted });
                written = self.write(&mut item, depth + 1)?;
                items.push(item);
                Ok(written)
            }
            _ => Ok(written),
        }
    }
}
