//! `kubectl pss` without a verb: three commands worth copying.

use posture::model::error::Result;
use posture::render::overview;
use posture::render::style::Style;

/// Prints what to try first.
pub fn run(program: &str, style: Style) -> Result<()> {
    let commands = [
        (
            format!("{program} check ns"),
            "what each namespace could enforce, and what is in the way",
        ),
        (format!("{program} check -f manifests/"), "what admission would say of your files"),
        (format!("{program} explain restricted"), "the smallest securityContext that passes"),
    ];
    overview::print(program, &commands, style)
}
