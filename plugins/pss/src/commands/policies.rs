//! Which policy applies in which namespace, and how that is known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use posture::input::files::{self, FileArgs};
use posture::input::yaml;
use posture::model::error::{Error, Result};
use posture::model::gap::Gap;
use posture::model::node::{Tree, Value};
use posture::model::object::Object;
use posture::model::source::Mark;
use posture::model::version::Minor;

use crate::admission_config::{self, Configuration, Exemptions, Loaded, Refused};
use crate::assume::Namespace;
use crate::level::{Level, LevelVersion, PolicyVersion};
use crate::namespace::{Defaults, Mode, NamespacePolicy, UNCONFIGURED, Why};

/// The namespace of objects that name none, where `-n` names none either.
pub const DEFAULT_NAMESPACE: &str = "default";

/// What the command line says about policies.
#[derive(Clone, Copy, Debug)]
pub struct PolicyOptions<'a> {
    /// The namespace of objects that name none.
    pub namespace: Option<&'a str>,
    /// The policy to judge by, whatever namespaces say.
    pub level: Option<LevelVersion>,
    /// The server's admission configuration.
    pub admission_config: Option<&'a str>,
}

/// Everything that is known about policies.
#[derive(Debug)]
pub struct Policies {
    namespace: String,
    server: Minor,
    forced: Option<LevelVersion>,
    configuration: Option<(String, Configuration)>,
    exemptions: Exemptions,
    known: BTreeMap<String, Known>,
    /// Whether labels that pin an older version are taken for `latest`.
    unpinned: bool,
    /// Namespaces of a cluster that could not be read.
    unreadable: BTreeSet<String>,
    all_unreadable: bool,
    conflicts: Vec<Gap>,
}

/// A Namespace of the input.
#[derive(Clone, Debug)]
struct Known {
    policy: NamespacePolicy,
    /// What mutating webhooks read of it.
    metadata: Namespace,
    /// Absent for what was read from a cluster.
    mark: Option<Mark>,
}

impl Known {
    /// `shop (ns.yaml:3)`, or the name alone where there is no file.
    fn place(&self, namespace: &str) -> String {
        let place = self.mark.as_ref().map(Mark::place);
        place.map_or_else(
            || namespace.to_owned(),
            |place| format!("{namespace} ({}:{})", place.file, place.line),
        )
    }
}

/// The policy of one namespace.
#[derive(Clone, Debug)]
pub struct Applied {
    /// What each mode asks for.
    pub policy: NamespacePolicy,
    /// Why, as a phrase: `by the labels of namespace shop (ns.yaml:3)`.
    pub why: String,
    /// What is not known about it, and would have to be for a pass to mean something; and what to
    /// do about that.
    pub unknown: Option<(&'static str, &'static str)>,
}

impl Policies {
    /// Collects the policies of an input.
    pub fn new(options: PolicyOptions<'_>, server: Minor, objects: &[Object]) -> Result<Self> {
        let configuration = match options.admission_config {
            Some(file) => Some((file.to_owned(), read_configuration(file, server)?)),
            None => None,
        };
        let defaults = configuration
            .as_ref()
            .map_or(UNCONFIGURED, |(_, configuration)| configuration.defaults);
        let (mut known, mut conflicts) = (BTreeMap::new(), Vec::new());
        for object in objects.iter().filter(|object| object.is_namespace()) {
            let policy = NamespacePolicy::of_namespace(object.value(), &defaults, server);
            let labels = object.value().get("metadata").and_then(|metadata| metadata.get("labels"));
            let mark = labels.map_or_else(|| object.mark(), |labels| labels.mark().to_show());
            let name = object.name();
            if known.get(name).is_some_and(|earlier: &Known| earlier.policy != policy) {
                conflicts.push(conflict(name, mark.clone()));
            }
            let metadata = metadata(object);
            known.insert(name.to_owned(), Known { policy, metadata, mark });
        }
        let namespace = options.namespace.unwrap_or(DEFAULT_NAMESPACE).to_owned();
        // A policy that is asked for by name is meant for everything.
        let exemptions = match &configuration {
            Some((_, configuration)) if options.level.is_none() => configuration.exemptions.clone(),
            _ => Exemptions::default(),
        };
        Ok(Self {
            namespace,
            server,
            forced: options.level,
            configuration,
            exemptions,
            known,
            unpinned: false,
            unreadable: BTreeSet::new(),
            all_unreadable: false,
            conflicts,
        })
    }

    /// Judges by the newest rules of the server wherever an older version is pinned.
    #[must_use]
    pub fn unpinned(self) -> Self {
        Self { unpinned: true, ..self }
    }

    /// Takes notice of the Namespaces of a cluster.
    pub fn add(&mut self, namespaces: &[Object]) {
        for object in namespaces {
            let policy =
                NamespacePolicy::of_namespace(object.value(), &self.defaults(), self.server);
            let metadata = metadata(object);
            self.known.insert(object.name().to_owned(), Known { policy, metadata, mark: None });
        }
    }

    /// Takes notice of a namespace whose labels could not be read, or that none could be: a
    /// policy that is not known.
    pub fn unreadable(&mut self, namespace: Option<&str>) {
        match namespace {
            Some(namespace) => drop(self.unreadable.insert(namespace.to_owned())),
            None => self.all_unreadable = true,
        }
    }

    /// What applies where a namespace has no labels.
    pub fn defaults(&self) -> Defaults {
        let configuration = self.configuration.as_ref();
        configuration.map_or(UNCONFIGURED, |(_, configuration)| configuration.defaults)
    }

    /// Whether the cluster's defaults and exemptions were given.
    pub fn is_configured(&self) -> bool {
        self.configuration.is_some()
    }

    /// The namespace that an object is judged in.
    pub fn namespace_of<'a>(&'a self, object: &'a Object) -> &'a str {
        object.namespace().unwrap_or(&self.namespace)
    }

    /// What the cluster never judges.
    pub fn exemptions(&self) -> &Exemptions {
        &self.exemptions
    }

    /// Namespaces that the input has with different policies.
    pub fn conflicts(&self) -> &[Gap] {
        &self.conflicts
    }

    /// The policy that labels ask for, for a Namespace of the input.
    pub fn labels_of(&self, namespace: &str) -> Option<&NamespacePolicy> {
        self.known.get(namespace).map(|known| &known.policy)
    }

    /// What mutating webhooks read of a Namespace of the input.
    pub(super) fn seen_by_injectors(&self, namespace: &str) -> Option<&Namespace> {
        self.known.get(namespace).map(|known| &known.metadata)
    }

    /// The policy of a namespace, and why it applies.
    pub fn apply(&self, namespace: &str) -> Applied {
        let mut applied = self.of_namespace(namespace);
        if self.unpinned {
            for mode in applied.policy.modes.values_mut() {
                let version = &mut mode.policy.version;
                if matches!(version, PolicyVersion::Minor(pinned) if *pinned < self.server) {
                    *version = PolicyVersion::Latest;
                }
            }
        }
        applied
    }

    fn of_namespace(&self, namespace: &str) -> Applied {
        if let Some(level) = self.forced {
            let policy = NamespacePolicy::assumed(level, self.server);
            return Applied { policy, why: "by --level".to_owned(), unknown: None };
        }
        let strictest =
            NamespacePolicy::assumed(LevelVersion::latest(Level::Restricted), self.server);
        let configuration = self.configuration.as_ref().map(|(file, _)| file);
        if let Some(known) = self.known.get(namespace) {
            let at = known.place(namespace);
            let is_default = |mode: Mode| known.policy.modes.get(mode).level_why == Why::Default;
            let unlabelled = Mode::ALL.into_iter().all(is_default);
            if unlabelled && configuration.is_none() {
                let why = format!(
                    "assumed: namespace {at} has no label for a level, and the cluster's defaults are not known"
                );
                // The version may be labelled all the same.
                let version = known.policy.modes.enforce.policy.version;
                let assumed = LevelVersion { level: Level::Restricted, version };
                let policy = NamespacePolicy::assumed(assumed, self.server);
                // Who passes the strictest level passes whatever the defaults are.
                return Applied { policy, why, unknown: None };
            }
            let unknown =
                (is_default(Mode::Enforce) && configuration.is_none()).then_some(DEFAULTS_UNKNOWN);
            let why = explain(&known.policy, &at, configuration);
            return Applied { policy: known.policy.clone(), why, unknown };
        }
        if let Some((file, configuration)) = &self.configuration {
            let policy = NamespacePolicy::of_defaults(&configuration.defaults);
            let why = format!(
                "by the defaults in {file}; the labels of namespace {namespace} are not known, none are assumed"
            );
            return Applied { policy, why, unknown: Some(LABELS_UNKNOWN) };
        }
        if self.all_unreadable || self.unreadable.contains(namespace) {
            let why = format!("assumed: the labels of namespace {namespace} could not be read");
            // The gap of what could not be read says it already.
            return Applied { policy: strictest, why, unknown: None };
        }
        let why = format!("assumed: no policy is known for namespace {namespace}");
        Applied { policy: strictest, why, unknown: None }
    }
}

const LABELS_UNKNOWN: (&str, &str) =
    ("its labels are not in the input", "add the Namespace's manifest to -f, or say --level");
const DEFAULTS_UNKNOWN: (&str, &str) = (
    "it has no enforce label, and the cluster's defaults are not known",
    "say the server's --admission-config, or --level",
);

fn conflict(namespace: &str, mark: Option<Mark>) -> Gap {
    Gap {
        what: "policy".to_owned(),
        place: mark,
        object: Some(format!("namespace/{namespace}")),
        why: format!(
            "namespace {namespace} is in the input more than once, with different policies; the last is taken"
        ),
        hint: "check one environment at a time".to_owned(),
    }
}

/// The labels and annotations of a Namespace.
fn metadata(object: &Object) -> Namespace {
    let map = |key: &str| {
        let found = object.value().get("metadata").and_then(|metadata| metadata.get(key));
        let entries = found.into_iter().flat_map(|map| map.entries());
        let text = |value: Value<'_>| value.as_str().map(str::to_owned);
        entries.filter_map(|(key, value)| Some((text(key)?, text(value)?))).collect()
    };
    Namespace { labels: map("labels"), annotations: map("annotations") }
}

/// Why the policy of a known namespace is what it is.
fn explain(policy: &NamespacePolicy, at: &str, configuration: Option<&String>) -> String {
    let enforce = policy.modes.get(Mode::Enforce);
    match enforce.level_why {
        Why::InvalidLabelFailsClosed => {
            format!(
                "the enforce label of namespace {at} is invalid, so the server enforces restricted"
            )
        }
        Why::Default => {
            let modes = [Mode::Warn, Mode::Audit];
            let labelled = modes.iter().any(|mode| policy.modes.get(*mode).level_why == Why::Label);
            match configuration {
                _ if labelled => {
                    format!("by the labels of namespace {at}, which enforce nothing")
                }
                Some(file) => {
                    format!("by the defaults in {file}; namespace {at} has no labels of its own")
                }
                None => format!("by the labels of namespace {at}"),
            }
        }
        _ => format!("by the labels of namespace {at}"),
    }
}

fn read_configuration(file: &str, server: Minor) -> Result<Configuration> {
    if file == "-" {
        return Err(Error::usage("--admission-config -: name a file"));
    }
    // Only the file that this one refers to may be empty.
    let Some(tree) = read_tree(file)? else {
        return Err(Error::usage(format!("--admission-config {file}: nothing in it")));
    };
    match admission_config::read(tree.root(), server).map_err(|refused| refusal(&tree, &refused))? {
        Loaded::Configuration(configuration) => Ok(configuration),
        Loaded::Path(path) => {
            let path = Path::new(file).parent().unwrap_or(Path::new("")).join(path);
            let name = path.to_string_lossy().into_owned();
            let Some(tree) = read_tree(&name)? else {
                return Ok(Configuration::default());
            };
            match admission_config::read(tree.root(), server)
                .map_err(|refused| refusal(&tree, &refused))?
            {
                Loaded::Configuration(configuration) => Ok(configuration),
                Loaded::Path(_) => Err(Error::usage(format!("{name}: refers to yet another file"))),
            }
        }
    }
}

/// The only document of a configuration file; `None` if there is nothing in it.
fn read_tree(file: &str) -> Result<Option<Arc<Tree>>> {
    let (sources, gaps) =
        files::read(&FileArgs { names: vec![file.to_owned()], ..FileArgs::default() })?;
    if let Some(gap) = gaps.first() {
        return Err(Error::usage(format!("--admission-config {file}: {}", gap.why)));
    }
    let mut trees = Vec::new();
    for outcome in sources.iter().flat_map(yaml::read) {
        match outcome {
            Ok(document) => trees.push(document.tree),
            Err(gap) => {
                let place = gap.place.map(|mark| mark.place());
                let at = place.map_or_else(
                    || file.to_owned(),
                    |place| format!("{}:{}:{}", place.file, place.line, place.column),
                );
                return Err(Error::usage(format!("{at}: {}", gap.why)));
            }
        }
    }
    Ok(trees.into_iter().next())
}

fn refusal(tree: &Tree, refused: &Refused) -> Error {
    let place = refused.errors.first().map(|error| tree.value(error.node).mark().place());
    let at = place.map_or_else(
        || tree.source().name().to_owned(),
        |place| format!("{}:{}:{}", place.file, place.line, place.column),
    );
    Error::usage(format!("{at}: {refused}")).hint("the API server would not start with this file")
}
