//! Which bytes end what.

/// Ends a plain scalar outside of brackets, or may.
pub(super) const ENDS_PLAIN: u8 = 1;
/// Ends a plain scalar between brackets, or may.
pub(super) const ENDS_FLOW_PLAIN: u8 = 2;
/// Ends the ordinary part of a single-quoted scalar, or may.
pub(super) const ENDS_SINGLE: u8 = 4;
/// Ends the ordinary part of a double-quoted scalar, or may.
pub(super) const ENDS_DOUBLE: u8 = 8;
/// Ends a line, or may: the first byte of every line break.
pub(super) const ENDS_LINE: u8 = 16;
/// Stands in the name of an anchor, a directive or a tag's handle.
pub(super) const NAME: u8 = 32;
/// Stands in a tag behind the handle.
pub(super) const URI: u8 = 64;

/// Begins a plain scalar, wherever it stands; other bytes may, too.
pub(super) const BEGINS_PLAIN: u8 = 128;

/// The classes of every byte.
const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    // 0xc2 and 0xe2 begin the line breaks of Unicode, and much else.
    set(&mut classes, b"\n\r\xc2\xe2", ENDS_LINE);
    set(&mut classes, b" \t\n\r\xc2\xe2:", ENDS_PLAIN | ENDS_FLOW_PLAIN);
    set(&mut classes, b",?[]{}", ENDS_FLOW_PLAIN);
    set(&mut classes, b"\n\r\xc2\xe2'", ENDS_SINGLE);
    set(&mut classes, b"\n\r\xc2\xe2\"\\", ENDS_DOUBLE);
    set(&mut classes, b"-", NAME | URI);
    set(&mut classes, b"_0123456789", NAME | URI | BEGINS_PLAIN);
    set(&mut classes, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", NAME | URI | BEGINS_PLAIN);
    set(&mut classes, b"abcdefghijklmnopqrstuvwxyz", NAME | URI | BEGINS_PLAIN);
    set(&mut classes, b"/$+()", BEGINS_PLAIN);
    set(&mut classes, b";/?:@&=+$,.!~*'()[]%", URI);
    classes
}

const fn set(classes: &mut [u8; 256], bytes: &[u8], class: u8) {
    let mut at = 0;
    while at < bytes.len() {
        classes[bytes[at] as usize] |= class;
        at += 1;
    }
}

/// Whether the byte belongs to one of the classes.
#[inline]
pub(super) const fn is(byte: u8, class: u8) -> bool {
    CLASSES[byte as usize] & class != 0
}

/// A space or a tab.
#[inline]
pub(super) const fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}
