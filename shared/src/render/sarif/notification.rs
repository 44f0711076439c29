//! What is said about the run itself: what could not be judged, suppressions that do nothing, and
//! results that had no room.

use std::collections::BTreeMap;

use super::log::{Descriptor, DescriptorReference, Location, Notification, Text};
use super::{place, text};
use crate::finding::suppression::{Idle, Idleness};
use crate::model::gap::Gap;
use crate::render::sentence;

/// What a kind of notification means, and what to do about it.
type Kind = (&'static str, &'static str);

const NOT_JUDGED: Kind = (
    "Something could not be judged.",
    "It was asked for, and nobody knows whether anything is wrong with it. The message says why, and where there is one, what to do.",
);
const NOT_KNOWN: Kind = (
    "What the verdict rests on is not known.",
    "Everything was judged by an assumption that the message names. Say what holds, and the verdict is certain.",
);
const IDLE: Kind = (
    "A suppression does nothing.",
    "It matches no finding, its last day is over, or it cannot be understood. Remove or renew it.",
);
const LEFT_OUT: Kind = (
    "There are more results than fit.",
    "Readers take no more of one run. Mend the gravest first, look at fewer objects, or use the whole report of -o json.",
);

/// Notifications on their way, with their kinds.
#[derive(Debug, Default)]
pub(super) struct Notifications {
    kinds: BTreeMap<String, Kind>,
}

impl Notifications {
    /// Everything that could not be judged.
    pub(super) fn gaps(&mut self, gaps: &[Gap]) -> Vec<Notification<'static>> {
        gaps.iter().map(|gap| self.gap(gap)).collect()
    }

    fn gap(&mut self, gap: &Gap) -> Notification<'static> {
        let location = gap.place.as_ref().and_then(place::of_mark);
        let location = location.or_else(|| gap.object.as_deref().map(place::of_name));
        // Without a known policy everything is judged, by a stated assumption.
        let (level, kind) = match gap.what.as_str() {
            "policy" => ("warning", NOT_KNOWN),
            _ => ("error", NOT_JUDGED),
        };
        self.notification(format!("gap/{}", gap.what), kind, level, sentence::of_gap(gap), location)
    }

    /// Suppressions that do nothing.
    pub(super) fn idle(&mut self, suppressions: &[Idle]) -> Vec<Notification<'static>> {
        suppressions.iter().map(|idle| self.idle_one(idle)).collect()
    }

    fn idle_one(&mut self, idle: &Idle) -> Notification<'static> {
        let status = idle.status.as_str();
        let level = if idle.status == Idleness::Unused { "note" } else { "warning" };
        let location = idle.place.as_ref().and_then(place::of_mark);
        let location = location.or_else(|| idle.object.as_deref().map(place::of_name));
        self.notification(
            format!("suppression/{status}"),
            IDLE,
            level,
            sentence::of_idle(idle),
            location,
        )
    }

    /// Says how many results are not there.
    pub(super) fn left_out(&mut self, left_out: usize, of: usize) -> Notification<'static> {
        let message = format!(
            "{left_out} of {of} results are left out, the lightest: readers take no more of one run; -o json has all"
        );
        self.notification("results/left-out".to_owned(), LEFT_OUT, "warning", message, None)
    }

    fn notification(
        &mut self,
        id: String,
        kind: Kind,
        level: &'static str,
        message: String,
        location: Option<Location>,
    ) -> Notification<'static> {
        self.kinds.insert(id.clone(), kind);
        Notification {
            descriptor: DescriptorReference { id, index: 0 },
            level,
            message: Text::plain(text::without_links(message)),
            locations: location.into_iter().collect(),
        }
    }

    /// The kinds of notifications that there were, in the order of their identifiers, and their
    /// numbers into the notifications.
    pub(super) fn finish<'n>(
        self,
        notifications: impl Iterator<Item = &'n mut Notification<'static>>,
    ) -> Vec<Descriptor> {
        for notification in notifications {
            let reference = &mut notification.descriptor;
            reference.index = self.kinds.keys().take_while(|id| **id != reference.id).count();
        }
        let descriptor = |(id, (short, help)): (String, Kind)| Descriptor {
            id,
            short_description: Text::plain(short),
            full_description: Text::plain(help),
            help: Text::plain(help),
        };
        self.kinds.into_iter().map(descriptor).collect()
    }
}
