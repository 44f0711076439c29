//! `kubectl netpol` without a verb: commands worth copying.

use posture::model::error::Result;
use posture::render::overview;
use posture::render::style::Style;

/// Prints what to try first.
pub fn run(program: &str, style: Style) -> Result<()> {
    let commands = [
        (
            format!("{program} can deploy/web svc/db.data:5432"),
            "whether one can reach another, and what is missing if not",
        ),
        (
            format!("{program} can deploy/web internet:443"),
            "what of the outside a workload can reach",
        ),
        (
            format!("{program} can ns/shop ns/data -f manifests/"),
            "the same of manifests, before they are applied",
        ),
    ];
    overview::print(program, &commands, style)
}
