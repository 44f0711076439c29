//! `kubectl seccomp` without a verb: three commands worth copying.

use posture::model::error::Result;
use posture::render::overview;
use posture::render::style::Style;

/// Prints what to try first.
pub fn run(program: &str, style: Style) -> Result<()> {
    let commands = [
        (
            format!("{program} set RuntimeDefault --dry-run=client"),
            "what would change in this namespace, and what already has it",
        ),
        (format!("{program} set RuntimeDefault deploy/web"), "the diff, then the question"),
        (format!("{program} set RuntimeDefault -f manifests/"), "the same for your files"),
    ];
    overview::print(program, &commands, style)
}
