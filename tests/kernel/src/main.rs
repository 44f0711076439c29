//! The helper process: reads a filter and calls on standard input, writes what came of them.
//! It has one thread, so that its children can load filters.

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> Result<(), serde_json::Error> {
    use std::io;

    use posture_kernel::{sandbox, wire};

    let mut seen = Vec::new();
    let requests: Vec<wire::Request> = serde_json::from_reader(io::stdin().lock())?;
    for request in requests {
        seen.push(sandbox::observe(&request.filter, &request.calls));
    }
    serde_json::to_writer(io::stdout().lock(), &seen)
}
