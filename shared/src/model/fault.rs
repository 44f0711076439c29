//! Deliberate faults of an engine: a test switches one rule off, to prove that the judges notice.

/// The switch for the faults of an engine: beside an enum `Fault` it puts `inject` and `Injected`,
/// for tests, and `injected`, for the engine. Without the feature `faults` of the crate that uses
/// it, which no release has, nothing can be switched off.
#[macro_export]
macro_rules! fault_switch {
    () => {
        #[cfg(feature = "faults")]
        mod switch {
            use std::cell::Cell;

            use super::Fault;

            std::thread_local! {
                static INJECTED: Cell<Option<Fault>> = const { Cell::new(None) };
            }

            /// A fault in place on this thread, until it is dropped.
            #[derive(Debug)]
            pub struct Injected(());

            /// Switches one rule off on this thread.
            #[must_use = "the fault is gone when this is dropped"]
            pub fn inject(fault: Fault) -> Injected {
                INJECTED.set(Some(fault));
                Injected(())
            }

            impl Drop for Injected {
                fn drop(&mut self) {
                    INJECTED.set(None);
                }
            }

            pub(in super::super) fn injected(fault: Fault) -> bool {
                INJECTED.get() == Some(fault)
            }
        }

        #[cfg(feature = "faults")]
        pub use switch::{Injected, inject};

        #[cfg(feature = "faults")]
        pub(super) use switch::injected;

        /// Whether the rule is switched off.
        #[cfg(not(feature = "faults"))]
        pub(super) const fn injected(_: Fault) -> bool {
            false
        }
    };
}

pub use fault_switch as switch;
