//! The programs of the control plane: those that somebody has ready, else those of the judges.
//!
//! Both variables are those of envtest (sigs.k8s.io/controller-runtime), and so is their order.

use std::env;
use std::path::PathBuf;

use crate::judge;

/// A folder of ready-made `kube-apiserver`, `etcd` and `kubectl`, as `setup-envtest` prints it.
const FOLDER_VARIABLE: &str = "KUBEBUILDER_ASSETS";

/// With a program's name (`TEST_ASSET_KUBE_APISERVER`), the path of that one.
const PROGRAM_VARIABLE: &str = "TEST_ASSET_";

/// The path of `kube-apiserver`, `etcd` or `kubectl`.
///
/// # Panics
/// If it is not there.
pub fn path(name: &str) -> PathBuf {
    let Some(path) = ready_made(name, |variable| env::var_os(variable).map(PathBuf::from)) else {
        return judge::path(name);
    };
    assert!(
        path.is_absolute() && path.is_file(),
        "no {name} at {}: {FOLDER_VARIABLE} or {PROGRAM_VARIABLE}* must say where it is, from the root",
        path.display()
    );
    path
}

/// Where the variables say that a program is. An empty variable says nothing.
fn ready_made(name: &str, variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let variable = |name: &str| variable(name).filter(|path| !path.as_os_str().is_empty());
    let own = format!("{PROGRAM_VARIABLE}{}", name.to_uppercase().replace('-', "_"));
    variable(&own).or_else(|| Some(variable(FOLDER_VARIABLE)?.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_as_envtest_reads_them() {
        let both = |variable: &str| match variable {
            "TEST_ASSET_KUBE_APISERVER" => Some(PathBuf::from("/own/server")),
            "TEST_ASSET_KUBECTL" => Some(PathBuf::new()),
            "KUBEBUILDER_ASSETS" => Some(PathBuf::from("/assets")),
            _ => None,
        };
        assert_eq!(ready_made("kube-apiserver", both), Some("/own/server".into()));
        assert_eq!(ready_made("etcd", both), Some("/assets/etcd".into()));
        assert_eq!(ready_made("kubectl", both), Some("/assets/kubectl".into()));
        assert_eq!(ready_made("etcd", |_| None), None);
    }
}
