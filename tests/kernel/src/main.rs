//! The helper process: reads a filter and calls on standard input, writes what came of them.
//! It has one thread, so that its children can load filters.

fn main() -> std::process::ExitCode {
    #[cfg(target_os = "linux")]
    if let Err(error) = answer() {
        std::panic::panic_any(error);
    }
    std::process::ExitCode::SUCCESS
}

#[cfg(target_os = "linux")]
fn answer() -> Result<(), serde_json::Error> {
    use std::io;

    use posture_kernel::{sandbox, wire};

    let mut seen = Vec::new();
    let requests: Vec<wire::Request> = serde_json::from_reader(io::stdin().lock())?;
    for request in requests {
        seen.push(sandbox::observe(&request.filter, &request.calls));
    }
    serde_json::to_writer(io::stdout().lock(), &seen)
}
