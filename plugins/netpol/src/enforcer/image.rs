//! What the name of an image says of what is in it.

/// The name of an image without registry, tag and digest: `calico/node`.
pub(super) fn repository(image: &str) -> &str {
    let plain = image.split_once('@').map_or(image, |(name, _)| name);
    let slash = plain.rfind('/').map_or(0, |at| at + 1);
    let end = plain[slash..].find(':').map_or(plain.len(), |at| slash + at);
    &plain[..end]
}

/// The tag of an image.
pub(super) fn tag(image: &str) -> Option<&str> {
    let plain = image.split_once('@').map_or(image, |(name, _)| name);
    let slash = plain.rfind('/').map_or(0, |at| at + 1);
    plain[slash..].split_once(':').map(|(_, tag)| tag)
}

/// Major and minor release by the tag: of `v3.29.1` 3 and 29. `None` for any other tag.
pub(super) fn release(image: &str) -> Option<(u32, u32)> {
    let tag = tag(image)?;
    let mut numbers = tag.strip_prefix('v').unwrap_or(tag).split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?;
    let digits = minor.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(minor.len());
    Some((major, minor[..digits].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_taken_apart() {
        let image = "host:5000/calico/node:v3.29.1@sha256:0a";
        assert_eq!(repository(image), "host:5000/calico/node");
        assert_eq!(release(image), Some((3, 29)));
        assert_eq!(release("cilium"), None);
        assert_eq!(release("x:latest"), None);
        assert_eq!(tag("h:1/x"), None);
    }
}
