//! When a request is tried again, and how long that may take.
//!
//! client-go tries a request ten more times where the server answers 429 or 5xx and names a pause,
//! however long that is. Here nobody waits longer than [`LONGEST_PAUSE`] at once and
//! [`LONGEST_WAIT`] for one request, and never longer than `--request-timeout` has left.

use std::time::Duration;

/// How often a request is tried.
const TRIES: u32 = 5;

/// The pause before a second try where the server names none; it doubles from then on.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause between two tries. A server that asks for a longer one is left alone.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The longest that the pauses of one request are together.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// What is left of the patience with one request.
#[derive(Debug)]
pub(super) struct Patience {
    tries: u32,
    pause: Duration,
    left: Duration,
}

impl Patience {
    /// That of a request that has not been made yet.
    pub(super) fn new() -> Self {
        Self { tries: 1, pause: FIRST_PAUSE, left: LONGEST_WAIT }
    }

    /// The pause before the next try: the one that the server has `asked` for, else a growing one.
    /// `None` if there is to be no other try, because there were enough, or the pause would be too
    /// long, or longer than the `time` that is left.
    pub(super) fn next(
        &mut self,
        asked: Option<Duration>,
        time: Option<Duration>,
    ) -> Option<Duration> {
        let pause = asked.unwrap_or(self.pause);
        let too_long = pause > LONGEST_PAUSE.min(self.left);
        if self.tries >= TRIES || too_long || time.is_some_and(|time| pause >= time) {
            return None;
        }
        self.tries += 1;
        self.left -= pause;
        self.pause *= 2;
        Some(pause)
    }

    /// How often it was tried.
    pub(super) fn tries(&self) -> u32 {
        self.tries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pauses(asked: Option<Duration>, time: Option<Duration>) -> Vec<Duration> {
        let mut patience = Patience::new();
        std::iter::from_fn(|| patience.next(asked, time)).collect()
    }

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!(pauses(None, None), [100, 200, 400, 800].map(Duration::from_millis));
        assert_eq!(pauses(Some(SECOND), None), [SECOND; 4]);
        assert_eq!(pauses(Some(Duration::ZERO), None), [Duration::ZERO; 4]);
    }

    #[test]
    fn a_request_never_waits_for_minutes() {
        assert_eq!(pauses(Some(10 * SECOND), None), [10 * SECOND; 2]);
        assert!(pauses(Some(11 * SECOND), None).is_empty());
        assert!(pauses(Some(Duration::MAX), None).is_empty());
    }

    #[test]
    fn a_pause_ends_before_the_time_does() {
        assert!(pauses(Some(SECOND), Some(SECOND)).is_empty());
        assert_eq!(pauses(None, Some(Duration::from_millis(150))), [Duration::from_millis(100)]);
    }
}
