//! A sign of life on standard error for what takes longer than the eye likes to wait.

use std::io::Write as _;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use super::out;

/// How long nothing is said.
const PATIENCE: Duration = Duration::from_millis(300);

/// Shows one line on a terminal's standard error while it lives, once [`PATIENCE`] is over, and
/// takes it away again.
#[derive(Debug)]
pub struct Progress {
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts to wait. Does nothing at all where standard error is no terminal.
    pub fn start(what: &'static str) -> Self {
        if !out::stderr_is_terminal() {
            return Self { done: None, thread: None };
        }
        let (done, wait) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            if wait.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let started = std::time::Instant::now();
            loop {
                let seconds = (started.elapsed() + PATIENCE).as_secs();
                drop(write!(out::stderr(), "\r{what} … {seconds}s\x1b[K"));
                if wait.recv_timeout(Duration::from_millis(200)) != Err(RecvTimeoutError::Timeout) {
                    drop(write!(out::stderr(), "\r\x1b[K"));
                    return;
                }
            }
        });
        Self { done: Some(done), thread: Some(thread) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(thread) = self.thread.take() {
            // A thread that only prints has nothing to report.
            drop(thread.join());
        }
    }
}
