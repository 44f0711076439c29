//! Where something is: in a file, and in an object.

use super::log::{ArtifactLocation, Location, LogicalLocation, PhysicalLocation, Region};
use super::uri;
use crate::finding::report::Finding;
use crate::model::source::Mark;
use crate::render::location;

/// The start of a file, for what has no place in it.
const FIRST_LINE: Region =
    Region { start_line: 1, start_column: None, end_line: None, end_column: None };

/// The place of a mark in a file; `None` where nobody could look it up.
pub(super) fn of_mark(mark: &Mark) -> Option<Location> {
    let location = location::of_mark(mark)?;
    let artifact = uri::of_file(&location.file);
    Some(Location {
        physical_location: Some(physical(artifact, location.region.as_ref())),
        logical_locations: Vec::new(),
    })
}

/// The place of an object that is known by a name only.
pub(super) fn of_name(name: &str) -> Location {
    let logical = LogicalLocation {
        name: name.to_owned(),
        fully_qualified_name: name.to_owned(),
        kind: "resource",
    };
    Location { physical_location: None, logical_locations: vec![logical] }
}

/// A region of a file.
pub(super) fn physical(
    artifact_location: ArtifactLocation,
    region: Option<&location::Region>,
) -> PhysicalLocation {
    let region = region.map_or(FIRST_LINE, |region| Region {
        start_line: region.start.line,
        start_column: Some(region.start.column),
        end_line: Some(region.end.line),
        end_column: Some(region.end.column),
    });
    PhysicalLocation { artifact_location, region }
}

/// The object of a finding, `NAMESPACE/KIND/NAME`, and the field in it.
pub(super) fn logical(finding: &Finding) -> Vec<LogicalLocation> {
    let object = &finding.object;
    let namespace = object.namespace.iter().map(String::as_str);
    let parts: Vec<&str> = namespace.chain([object.kind.as_str(), object.name.as_str()]).collect();
    let qualified = parts.join("/");
    let mut logical = Vec::with_capacity(2);
    if !finding.path.is_empty() {
        logical.push(LogicalLocation {
            name: finding.path.clone(),
            fully_qualified_name: format!("{qualified}/{}", finding.path),
            kind: "property",
        });
    }
    logical.push(LogicalLocation {
        name: object.name.clone(),
        fully_qualified_name: qualified,
        kind: "resource",
    });
    logical
}
