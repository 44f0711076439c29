//! From flags, kubeconfig and environment to a server and a user, exactly as client-go does it.

pub mod options;
pub mod target;

pub use options::ConnectOptions;
pub use target::Target;

use crate::model::error::Result;

/// Decides which server to ask as which user.
pub fn resolve(options: &ConnectOptions) -> Result<Target> {
    target::resolve(options)
}
