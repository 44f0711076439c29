//! Texts that are not ours, in messages.

/// The text without what readers would turn into a link: `[text](address)`.
pub(super) fn without_links(text: String) -> String {
    if text.contains("](") { text.replace("](", "] (") } else { text }
}
