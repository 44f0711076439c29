//! A volume of a pod and where it comes from.
//!
//! Source: `VolumeSource` of k8s.io/api/core/v1 and `policy/check_restrictedVolumes.go`.

use posture::model::node::{Type, Value};
use posture::model::path::FieldPath;
use posture::model::version::Minor;

use crate::violation::Subject;

/// The sources that the restricted policy allows, `image` apart.
pub const ALLOWED: [&str; 8] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// All other sources, in the order in which the check looks for them: the first one that a
/// volume has is the one that is named.
pub const FORBIDDEN: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

/// What the message calls a volume whose source it does not know.
pub const UNKNOWN: &str = "unknown";

/// The first release whose API has image volumes (alpha, and unknown to its own check).
const IMAGE_KNOWN: Minor = Minor(31);
/// The first release whose check allows them, whatever the policy version.
const IMAGE_ALLOWED: Minor = Minor(33);

/// Whether that release's restricted policy allows image volumes.
pub fn image_allowed(server: Minor) -> bool {
    server >= IMAGE_ALLOWED
}

/// One volume.
#[derive(Clone, Copy, Debug)]
pub struct Volume<'a> {
    /// The position in `spec.volumes`.
    pub index: usize,
    /// Its name; empty if it has none.
    pub name: &'a str,
    /// `hostPath`, if it is there.
    pub host_path: Option<Value<'a>>,
    /// The source that the restricted policy refuses, by the name that it prints, and where it
    /// stands; `None` if it has nothing against the volume.
    pub restricted: Option<(&'static str, Option<Value<'a>>)>,
}

impl<'a> Volume<'a> {
    /// Reads one element of `spec.volumes`. A volume without any source is an `emptyDir` once
    /// the API server has set its defaults (`SetDefaults_Volume`), which is what `defaulted`
    /// asks for.
    pub(crate) fn read(index: usize, value: Value<'a>, server: Minor, defaulted: bool) -> Self {
        let mut name = "";
        let mut allowed = false;
        let mut image = None;
        let mut forbidden: Option<(usize, Value<'a>)> = None;
        let mut host_path = None;
        for (key, value) in value.entries() {
            if value.is_null() {
                continue;
            }
            match key.as_str() {
                Some("name") => name = value.as_str().unwrap_or_default(),
                // Every source is an object; anything else is no source.
                _ if value.value_type() != Type::Object => {}
                Some("image") => image = Some(value),
                Some(key) if ALLOWED.contains(&key) => allowed = true,
                Some(key) => {
                    let Some(rank) = FORBIDDEN.iter().position(|known| *known == key) else {
                        continue;
                    };
                    if rank == 0 {
                        host_path = Some(value);
                    }
                    if forbidden.is_none_or(|(known, _)| rank < known) {
                        forbidden = Some((rank, value));
                    }
                }
                None => {}
            }
        }
        // Before its API had them, a server dropped the field as it drops any unknown one.
        let image = image.filter(|_| server >= IMAGE_KNOWN);
        let restricted = match (allowed, forbidden, image) {
            (true, ..) => None,
            (false, _, Some(_)) if image_allowed(server) => None,
            (false, Some((rank, value)), _) => Some((FORBIDDEN[rank], Some(value))),
            (false, None, Some(image)) => Some((UNKNOWN, Some(image))),
            (false, None, None) => (!defaulted).then_some((UNKNOWN, None)),
        };
        Self { index, name, host_path, restricted }
    }

    /// The way from the pod to the volume: `spec.volumes[data]`.
    pub fn path(&self) -> FieldPath {
        FieldPath::of("spec.volumes").named(self.index, self.name)
    }

    /// The volume as the subject of a violation.
    pub fn subject(&self) -> Subject {
        Subject::Volume { index: self.index, name: self.name.to_owned() }
    }
}
