//! The flags that say what is assumed to happen to pods before Pod Security sees them.

use clap::Args as ClapArgs;
use kubectl_pss::assume::{Assumptions, Injection};
use kubectl_pss::commands::patches;
use posture::model::error::Result;

#[derive(ClapArgs, Debug)]
pub(super) struct AssumeFlags {
    /// Judge pods as they are once a mesh has injected its sidecar: istio or linkerd, with ,cni
    /// behind it where its CNI plugin is installed.
    #[arg(long, value_name = "MESH[,cni]", help_heading = "How to judge")]
    assume_injection: Vec<Injection>,

    /// Judge pods as they are once this patch is applied, as by a mutating webhook: a JSON Patch or
    /// a merge patch of a Pod. May be given more than once.
    #[arg(long, value_name = "FILE", help_heading = "How to judge")]
    assume_patch: Vec<String>,
}

impl AssumeFlags {
    /// Whether nothing is assumed.
    pub(super) fn is_empty(&self) -> bool {
        self.assume_injection.is_empty() && self.assume_patch.is_empty()
    }

    /// What is assumed. Fails where a patch cannot be read.
    pub(super) fn assumptions(&self) -> Result<Assumptions> {
        Ok(Assumptions {
            injections: self.assume_injection.clone(),
            patches: patches::read(&self.assume_patch)?,
        })
    }
}
