//! One container on one node, in the words of the judge and in ours.

use kubectl_seccomp::evaluate::{Abi, Machine, Runtime, Target};
use kubectl_seccomp::profile::{Dialect, Kernel};

/// What a document is compiled for.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The node's architecture, in Go's word.
    pub goarch: &'static str,
    /// The node's kernel.
    pub kernel: (u32, u32),
    /// The bounding set.
    pub caps: Vec<&'static str>,
    /// Who reads the document.
    pub reader: Dialect,
    /// Whether runc compiles it, or crun.
    pub runc: bool,
}

impl Setting {
    /// The same in our words.
    ///
    /// # Panics
    /// If we do not know the architecture.
    pub fn target(&self) -> Target {
        Target {
            machine: self.goarch.parse().expect("an architecture that we know"),
            kernel: Kernel(self.kernel.0, self.kernel.1),
            caps: self.caps.iter().map(|cap| (*cap).to_owned()).collect(),
            reader: self.reader,
            runtime: if self.runc { Runtime::Runc } else { Runtime::Crun },
        }
    }

    /// The ABIs of the node.
    pub fn abis(&self) -> &'static [Abi] {
        self.target().machine.abis()
    }

    /// The node's architecture, in our words.
    pub fn machine(&self) -> Machine {
        self.target().machine
    }
}
