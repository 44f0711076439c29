//! Volumes of every type, of none and of several.

use serde_json::{Map, Value, json};

use super::{Draw, Mood, odd};

/// What restricted allows.
const ALLOWED: [&str; 8] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// What only privileged allows, or baseline too.
const REFUSED: [&str; 20] = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "iscsi",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

/// Whether a volume's field of this name says what kind of volume it is.
pub(super) fn is_source(field: &str) -> bool {
    matches!(field, "hostPath" | "image") || ALLOWED.contains(&field) || REFUSED.contains(&field)
}

impl Draw {
    /// Up to four volumes.
    pub(super) fn volumes(&mut self, spec: &mut Map<String, Value>) {
        let count = if self.percent(60) { self.random.below(5) } else { 0 };
        if count == 0 {
            if self.oddly(5) {
                let nothing = if self.percent(50) { Value::Null } else { json!([]) };
                spec.insert("volumes".into(), nothing);
            }
            return;
        }
        let volumes: Vec<Value> = (0..count).map(|index| self.volume(index)).collect();
        spec.insert("volumes".into(), json!(volumes));
    }

    fn volume(&mut self, index: usize) -> Value {
        if self.oddly(1) {
            return Value::Null;
        }
        let mut volume = Map::new();
        let name =
            if self.oddly(10) { self.pick(&odd::NAMES).to_owned() } else { format!("v{index}") };
        if !self.oddly(3) {
            volume.insert("name".into(), json!(name));
        }
        let kind = match self.mood() {
            Mood::Strict if self.percent(8) => "image",
            Mood::Base if self.percent(40) => self.pick(&REFUSED),
            Mood::Strict | Mood::Base => self.pick(&ALLOWED),
            Mood::Wild if self.percent(40) => "hostPath",
            Mood::Wild => self.pick(&REFUSED),
        };
        let source = self.source(kind);
        volume.insert(kind.into(), source);
        if self.oddly(6) {
            // No source at all, one that is null, one that no server knows, or a second one.
            match self.random.below(4) {
                0 => drop(volume.remove(kind)),
                1 => drop(volume.insert(kind.into(), Value::Null)),
                2 => {
                    volume.remove(kind);
                    volume.insert("hostpath".into(), json!({ "path": "/" }));
                }
                _ => {
                    let second = self.pick(&["emptyDir", "hostPath", "nfs", "secret", "rbd"]);
                    let source = self.source(second);
                    volume.insert(second.into(), source);
                }
            }
        }
        Value::Object(volume)
    }

    /// A source with what validation asks for, or, oddly, empty.
    pub(super) fn source(&mut self, kind: &str) -> Value {
        if self.oddly(20) {
            return json!({});
        }
        match kind {
            "configMap" => json!({ "name": "settings" }),
            "secret" => json!({ "secretName": "keys" }),
            "csi" => json!({ "driver": "csi.example.com" }),
            "persistentVolumeClaim" => json!({ "claimName": "data" }),
            "image" => json!({ "reference": "example.com/model:1" }),
            "ephemeral" => json!({ "volumeClaimTemplate": { "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": { "requests": { "storage": "1Gi" } },
            } } }),
            "projected" => json!({ "sources": [{ "configMap": { "name": "settings" } }] }),
            "hostPath" => json!({ "path": "/var/log" }),
            "nfs" => json!({ "server": "nfs.example.com", "path": "/export" }),
            "awsElasticBlockStore" | "cinder" | "portworxVolume" => json!({ "volumeID": "vol-1" }),
            "gcePersistentDisk" => json!({ "pdName": "disk" }),
            "gitRepo" => json!({ "repository": "https://example.com/repo.git" }),
            "glusterfs" => json!({ "endpoints": "glusterfs", "path": "data" }),
            "iscsi" => {
                let iqn = "iqn.2001-04.com.example:storage";
                json!({ "targetPortal": "10.0.0.1:3260", "iqn": iqn, "lun": 0 })
            }
            "rbd" => json!({ "monitors": ["10.0.0.1:6789"], "image": "disk" }),
            "cephfs" => json!({ "monitors": ["10.0.0.1:6789"] }),
            "flexVolume" => json!({ "driver": "example.com/driver" }),
            "flocker" => json!({ "datasetName": "data" }),
            "fc" => json!({ "targetWWNs": ["50060e801049cfd1"], "lun": 0 }),
            "azureFile" => json!({ "secretName": "keys", "shareName": "share" }),
            "azureDisk" => json!({ "diskName": "disk", "diskURI": "https://example.com/d.vhd" }),
            "vsphereVolume" => json!({ "volumePath": "[ds] volumes/disk" }),
            "quobyte" => json!({ "registry": "quobyte:7861", "volume": "data" }),
            "photonPersistentDisk" => json!({ "pdID": "disk" }),
            "scaleIO" => {
                let secret = json!({ "name": "keys" });
                json!({ "gateway": "https://10.0.0.1", "system": "s", "secretRef": secret,
                    "volumeName": "data" })
            }
            "storageos" => json!({ "volumeName": "data" }),
            _ => json!({}),
        }
    }
}
