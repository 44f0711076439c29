//! The flag that asks for more than Pod Security does.

use clap::Args as ClapArgs;
use kubectl_pss::requirements::Required;
use posture::model::error::{Error, Result};

#[derive(ClapArgs, Debug)]
pub(super) struct RequireFlags {
    /// Ask for more than Pod Security does: readOnlyRootFilesystem, resources (resourceLimits,
    /// resourceRequests), quota, probes, automountServiceAccountToken, or all.
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "How to judge")]
    require: Vec<String>,
}

impl RequireFlags {
    /// Whether nothing is asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.require.is_empty()
    }

    /// What is asked for. Fails where a word asks for nothing.
    pub(super) fn required(&self) -> Result<Required> {
        Required::parse(&self.require).map_err(|why| Error::usage(format!("--require: {why}")))
    }
}
