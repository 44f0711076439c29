//! From flags, kubeconfig and environment to a server and a user, exactly as client-go does it.

mod environment;
mod exec;
mod fields;
mod incluster;
mod kubeconfig;
mod kuberc;
mod load;
mod lookup;
pub mod options;
mod overrides;
mod pem;
mod proxy;
mod server;
pub mod target;
mod validate;

pub use environment::Environment;
pub use options::ConnectOptions;
pub use target::Target;

use crate::model::error::Result;

/// Decides which server to ask as which user. It reads files and may run a credential plugin, but
/// dials nobody.
pub fn resolve(options: &ConnectOptions) -> Result<Target> {
    resolve_in(options, &Environment::of_process())
}

/// The same, in other surroundings than those of this process.
pub fn resolve_in(options: &ConnectOptions, environment: &Environment) -> Result<Target> {
    target::resolve(options, environment)
}
