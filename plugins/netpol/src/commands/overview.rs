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
        (format!("{program} list"), "who can reach whom, and what is open to everybody"),
        (
            format!("{program} list -f manifests/ -o html > map.html"),
            "the same of manifests, as a page for a browser",
        ),
    ];
    overview::print(program, &commands, style)
}
