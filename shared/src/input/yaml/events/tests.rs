//! The events of small texts, and what must not take long.
