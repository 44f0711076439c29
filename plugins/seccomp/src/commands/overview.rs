//! `kubectl seccomp` without a verb: three commands worth copying.

use posture::model::error::Result;
use posture::render::overview;
use posture::render::style::Style;

/// Prints what to try first.
pub fn run(program: &str, style: Style) -> Result<()> {
    let commands = [
        (
            format!("{program} check"),
            "what confines every container of this namespace, and who decided it",
        ),
        (
            format!("{program} explain 'socket(AF_ALG)' --all-nodes"),
            "what becomes of a system call on every kind of node",
        ),
        (
            format!("{program} set RuntimeDefault --dry-run=client"),
            "what would change in this namespace, and what already has it",
        ),
    ];
    overview::print(program, &commands, style)
}
