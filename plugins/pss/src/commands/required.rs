//! What `--require` asks for: the objects that it depends on, and what is not met as findings.

use std::collections::BTreeSet;

use posture::client::list::List;
use posture::client::resource::Resource;
use posture::input::cluster::Cluster;
use posture::input::{gather, live};
use posture::model::gap::Gap;
use posture::model::object::Object;
use posture::model::version::Minor;
use posture::model::workload::{Carrier, PodTemplate, pod_templates};

use super::policies::{DEFAULT_NAMESPACE, Policies};
use crate::quota::Surroundings;
use crate::requirements::{Answer, Facts, Required, Requirement};

/// The requirement that LimitRanges and ResourceQuotas are needed for.
const QUOTA: &str = "quota";

/// Where the objects come from that requirements depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// From the files alone.
    Files,
    /// Beside the files the cluster was asked.
    FilesAndCluster,
    /// Everything is of the cluster.
    Cluster,
}

/// What is required, and what that depends on.
#[derive(Debug)]
pub struct Requirements<'a> {
    required: &'a Required,
    around: Surroundings,
    known: Known,
}

impl<'a> Requirements<'a> {
    /// What is required of manifests. `objects` are all that were read, `namespace` is that of
    /// those that name none.
    pub(super) fn of_files(
        required: &'a Required,
        objects: &[Object],
        namespace: Option<&str>,
        gaps: &mut Vec<Gap>,
    ) -> Self {
        let mut around = Surroundings::default();
        if !required.is_empty() {
            let namespace = namespace.unwrap_or(DEFAULT_NAMESPACE);
            around.note(objects, |object| object.namespace().unwrap_or(namespace), gaps);
        }
        Self { required, around, known: Known::Files }
    }

    /// The same, with what the cluster has beside it: what the files have goes before.
    pub(super) fn beside(self, cluster: Cluster<'_>, lists: &[List], gaps: &mut Vec<Gap>) -> Self {
        let of_cluster = Self::of_cluster(self.required, cluster, lists, gaps);
        let around = of_cluster.around.overlaid(self.around);
        Self { around, known: Known::FilesAndCluster, ..self }
    }

    /// What is required of what a cluster holds: reads what that depends on.
    pub(super) fn of_cluster(
        required: &'a Required,
        cluster: Cluster<'_>,
        lists: &[List],
        gaps: &mut Vec<Gap>,
    ) -> Self {
        let mut around = Surroundings::default();
        for (list, (found, failure)) in lists.iter().zip(gather::objects(cluster, lists)) {
            around.note(&found, |object| object.namespace().unwrap_or_default(), gaps);
            if let Some(failure) = failure {
                if list.resource.kind == "ServiceAccount" {
                    around.accounts_unreadable(list.namespace.as_deref());
                }
                gaps.push(live::gap(list, &failure));
            }
        }
        Self { required, around, known: Known::Cluster }
    }

    /// What each requirement says of a pod or template, if it has anything to say.
    pub(super) fn ask(
        &self,
        object: &Object,
        template: &PodTemplate<'_>,
        namespace: &str,
        server: Minor,
    ) -> Vec<(&'static Requirement, Answer)> {
        // A workload of the files may run in the cluster, where quotas count it already.
        let counted = match self.known {
            Known::Files => false,
            Known::FilesAndCluster => template.carrier != Carrier::Pod,
            Known::Cluster => true,
        };
        let facts = Facts {
            object,
            template,
            server,
            counted,
            neighbours: self.around.of(namespace),
            around: &self.around,
        };
        let answer = |requirement: &'static Requirement| {
            let mut answer = Answer::default();
            (requirement.find)(&facts, &mut answer);
            (requirement, answer)
        };
        let answers = self.required.iter().map(answer);
        answers.filter(|(_, answer)| *answer != Answer::default()).collect()
    }

    /// What was asked for and cannot be said of any pod in a namespace: a quota that nobody has
    /// shown.
    pub(super) fn gap(&self, namespace: &str) -> Option<Gap> {
        let unknown = self.known == Known::Files
            && self.required.has(QUOTA)
            && self.around.of(namespace).is_free();
        unknown.then(|| Gap {
            what: QUOTA.to_owned(),
            place: None,
            object: Some(format!("namespace/{namespace}")),
            why: "no LimitRange and no ResourceQuota of it is in the input: whether pods fit is not known".to_owned(),
            hint: "add them, or say --with-cluster".to_owned(),
        })
    }
}

/// The lists that requirements depend on, in these namespaces; `None` stands for all.
pub(super) fn lists(required: &Required, namespaces: &BTreeSet<Option<String>>) -> Vec<List> {
    let needs: BTreeSet<(&str, &str)> = required.needs().collect();
    let everywhere = BTreeSet::from([None]);
    let namespaces = if namespaces.contains(&None) { &everywhere } else { namespaces };
    let of = |(plural, kind): (&str, &str)| -> Vec<List> {
        let resource = || Resource::new("", "v1", plural, kind, true);
        namespaces.iter().map(|namespace| List::of(resource(), namespace.as_deref())).collect()
    };
    needs.into_iter().flat_map(of).collect()
}

/// The lists for manifests: in the namespaces where they make pods.
pub(super) fn lists_for(required: &Required, policies: &Policies, objects: &[Object]) -> Vec<List> {
    let making = objects.iter().filter(|object| !pod_templates(object).is_empty());
    let namespaces = making.map(|object| Some(policies.namespace_of(object).to_owned()));
    lists(required, &namespaces.collect())
}
