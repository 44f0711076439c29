//! The schema of what `explain` writes for programs, for the program that generates `tests/schema`.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::{Explanation, objects};
use crate::explain::{Answers, Comparison, Overview};

/// The schema of every explanation: of a call, of one default profile, of several, of objects.
pub fn schema(mut generator: SchemaGenerator) -> Schema {
    let shapes = [
        generator.subschema_for::<Explanation<'_, Answers>>(),
        generator.subschema_for::<Explanation<'_, Overview>>(),
        generator.subschema_for::<Explanation<'_, Comparison>>(),
        generator.subschema_for::<objects::Explanation<'_>>(),
    ];
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Explanation",
        "anyOf": shapes,
        "$defs": generator.take_definitions(true),
    })
}
