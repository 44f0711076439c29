//! A profile in a file.

use std::path::Path;
use std::sync::Arc;

use posture::model::error::{Error, Result};

use crate::profile::Profile;

/// The largest file that is read: profiles are some hundred lines.
const LARGEST: u64 = 16 << 20;

/// Reads a profile from a JSON file. Fails where there is none.
pub fn read(path: &Path) -> Result<Arc<Profile>> {
    let failed = |error: std::io::Error| {
        Error::could_not_run(format!("cannot read {}", path.display())).caused_by(error)
    };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > LARGEST {
        return Err(Error::could_not_run(format!("{} is too large for a profile", path.display())));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let profile = Profile::from_text(&text).map_err(|wrong| {
        Error::could_not_run(format!("{} is no seccomp profile: {wrong}", path.display()))
    })?;
    Ok(Arc::new(profile))
}
