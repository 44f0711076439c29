//! Where the two sides of a comparison come from, and what is asked of them.

use posture::client::connection::Connection;
use posture::input::cluster::Cluster;
use posture::input::files::{self, FileArgs};
use posture::input::git;
use posture::input::snapshot::{Asked, Snapshot};
use posture::input::state::State;
use posture::model::clock::Clock;
use posture::model::error::{Error, Result};
use posture::render::escape::escape;
use posture::render::out;
use posture::render::style::Style;

use posture::input::scope::Scope;

use super::check::{CHECK, TOOL, namespaces_in};
use super::diff::DiffArgs;

/// Where one side comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// The cluster.
    Live,
    /// A cluster as it was.
    Recorded(Box<Snapshot>),
    /// Files, and the directory of `-k`.
    Files(FileArgs, Option<String>),
}

/// What the command line says about two inputs.
pub(super) struct Read {
    /// What they are called.
    pub(super) names: [String; 2],
    /// Where they come from.
    pub(super) sources: [Source; 2],
}

impl Read {
    /// The one input of a comparison of two ways to judge it, for both sides.
    pub(super) fn alone(args: &DiffArgs) -> Result<[Source; 2]> {
        let source = || {
            if args.input.names_files()? { named_by_flags(args) } else { Ok(Source::Live) }
        };
        Ok([source()?, source()?])
    }

    /// The inputs that `--from` and `--to` name: without them the cluster, and what `-f` names.
    pub(super) fn of(args: &DiffArgs, from: Option<State>, to: Option<State>) -> Result<Self> {
        let open = |state: &State| matches!(state, State::Git { path: None, .. });
        let needs_files = to.is_none() || from.iter().chain(&to).any(open);
        let names_files = args.input.names_files()?;
        if needs_files && !names_files {
            let refused = match (&from, &to) {
                (None, None) => "nothing to compare: name files with -f, or states",
                (_, None) => "nothing to compare with: say --to, or name files with -f",
                _ => "git:REV: which files? name them with -f, or say git:REV:PATH",
            };
            return Err(Error::usage(refused)
                .hint("the cluster and files: diff -f manifests/")
                .hint("the last commit and files: diff --from git:HEAD -f manifests/")
                .hint("two servers: diff --from 1.33 --to 1.37"));
        }
        if names_files && !needs_files {
            return Err(Error::usage("-f and -k: --from and --to name both sides already"));
        }
        if args.input.kustomize().is_some() && from.iter().chain(&to).any(open) {
            return Err(Error::usage("-k builds what lies on the disk, not what is in git")
                .hint("build both: git worktree add, and --from DIR --to DIR"));
        }
        let stdin = from.iter().chain(&to).filter(|state| state.is_stdin()).count();
        if stdin + usize::from(args.input.reads_stdin()) > 1 {
            return Err(Error::usage("standard input can be only one of the states"));
        }
        let shared = from.as_ref().is_some_and(open) || to.as_ref().is_some_and(open);
        let from = from.unwrap_or(State::Live);
        let written = to.as_ref().map(|state| name_of(state, args));
        let names = [name_of(&from, args), written.unwrap_or_else(|| flags_name(args))];
        let first = source_of(args, from)?;
        let second = match to {
            Some(state) => source_of(args, state)?,
            None => named_by_flags(args)?,
        };
        let mut sources = [first, second];
        if shared {
            leave_out_missing(&mut sources, &names)?;
        }
        Ok(Self { names, sources })
    }
}

fn name_of(state: &State, args: &DiffArgs) -> String {
    match state {
        State::Live => "live".to_owned(),
        State::Files(name) if name == "-" => files::STDIN.to_owned(),
        State::Files(name) => name.clone(),
        State::Git { revision, path: Some(path) } => format!("git:{revision}:{path}"),
        State::Git { revision, path: None } => {
            format!("git:{revision} ({})", flags_name(args))
        }
    }
}

fn flags_name(args: &DiffArgs) -> String {
    let names = args.input.files().names;
    let shown = names.iter().map(|name| if name == "-" { files::STDIN } else { name });
    shown.chain(args.input.kustomize()).collect::<Vec<_>>().join(", ")
}

/// What `-f` and `-k` name.
fn named_by_flags(args: &DiffArgs) -> Result<Source> {
    let files = args.input.files();
    Ok(match Snapshot::named(&files.names)? {
        Some(snapshot) => Source::Recorded(Box::new(snapshot)),
        None => Source::Files(files, args.input.kustomize().map(str::to_owned)),
    })
}

fn source_of(args: &DiffArgs, state: State) -> Result<Source> {
    let flags = args.input.files();
    Ok(match state {
        State::Live => Source::Live,
        State::Files(name) => {
            let names = vec![name];
            match Snapshot::named(&names)? {
                Some(snapshot) => Source::Recorded(Box::new(snapshot)),
                None => Source::Files(FileArgs { names, ..flags }, None),
            }
        }
        State::Git { revision, path } => {
            let names = match path {
                Some(path) => vec![git::from_root(&path)?],
                None => flags.names.clone(),
            };
            Source::Files(FileArgs { names, revision: Some(revision), ..flags }, None)
        }
    })
}

/// A path that only one of two states has was added or removed: it is no mistake on the other
/// side. One that neither has stays where it is, and is said.
fn leave_out_missing(sources: &mut [Source; 2], names: &[String; 2]) -> Result<()> {
    let [Source::Files(from, _), Source::Files(to, _)] = sources else { return Ok(()) };
    if from.names != to.names {
        return Ok(());
    }
    let is_there = |args: &FileArgs, name: &str| match &args.revision {
        Some(revision) => git::is_there(revision, name),
        None => Ok(files::is_there(name)),
    };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for name in &from.names {
        let there = (is_there(from, name)?, is_there(to, name)?);
        for (has, kept, state) in [
            (there.0 || !there.1, &mut before, (&names[0], "the first state")),
            (there.1 || !there.0, &mut after, (&names[1], "the second state")),
        ] {
            if has {
                kept.push(name.clone());
            } else {
                // Files are called by their names.
                let state = if state.0 == name { state.1 } else { state.0 };
                out::note(&escape(&format!("{name} is not there in {state}")));
            }
        }
    }
    (from.names, to.names) = (before, after);
    Ok(())
}

/// Both sides, ready to be read.
pub(super) struct Sides {
    sources: [Source; 2],
    connection: Option<Connection>,
}

impl Sides {
    pub(super) fn open(
        args: &DiffArgs,
        sources: [Source; 2],
        style: Style,
        program: &str,
    ) -> Result<Self> {
        let live = sources.iter().any(|source| matches!(source, Source::Live));
        let recorded = sources.iter().any(|source| matches!(source, Source::Recorded(_)));
        let files = sources.iter().any(|source| matches!(source, Source::Files(..)));
        if args.with_cluster && recorded {
            return Err(Error::usage("--with-cluster: a snapshot has its own namespaces"));
        }
        if args.with_cluster && !files {
            return Err(Error::usage(
                "--with-cluster goes with files: without them the cluster is read anyway",
            ));
        }
        let mut sides = Self { sources, connection: None };
        if live || args.with_cluster {
            let reads_stdin = |source: &Source| match source {
                Source::Files(files, _) => files.names.iter().any(|name| name == "-"),
                _ => false,
            };
            let stdin = sides.sources.iter().any(reads_stdin);
            // What a snapshot was taken of is what it is compared with.
            let namespace = sides.asked(args).namespace;
            let connection =
                args.connection.connect(program, namespace.as_deref(), stdin, style)?;
            sides.connection = Some(connection);
        }
        Ok(sides)
    }

    /// Where the time comes from: of a snapshot, from when it was taken.
    pub(super) fn clock(&self) -> Clock {
        let recorded = self.sources.iter().find_map(|source| match source {
            Source::Recorded(snapshot) => Some(snapshot.clock()),
            _ => None,
        });
        recorded.unwrap_or(Clock::System)
    }

    /// What is asked of both sides: what is said, or all that the first snapshot was taken for.
    pub(super) fn asked(&self, args: &DiffArgs) -> Asked {
        let all = args.input.all_namespaces();
        let mut asked = args.input.asked(CHECK, &args.words);
        let nothing = Asked { verb: CHECK.to_owned(), ..Asked::default() };
        let mut snapshots = self.sources.iter().filter_map(|source| match source {
            Source::Recorded(snapshot) => Some(snapshot),
            _ => None,
        });
        if let Some(snapshot) = snapshots.next() {
            let mut before = snapshot.asked(TOOL, CHECK).cloned().unwrap_or(nothing.clone());
            if let Some(names) = namespaces_in(&before.words).filter(|_| !before.words.is_empty()) {
                let only = <[String; 1]>::try_from(names).ok().map(|[name]| name);
                before = Asked { namespace: only, ..nothing.clone() };
            }
            if asked == nothing && !all {
                return before;
            }
            let namespace = asked.namespace.or(before.namespace);
            return Asked { namespace: namespace.filter(|_| !all), ..asked };
        }
        if let Some(connection) = self.connection.as_ref().filter(|_| !all) {
            asked.namespace = Some(connection.target().namespace.clone());
        }
        asked
    }

    /// The namespace of objects that name none: as for kubectl apply that of the context.
    pub(super) fn namespace(&self, args: &DiffArgs, asked: &Asked) -> Option<String> {
        let said = args.input.namespace().map(str::to_owned);
        let context = self.connection.as_ref().map(|own| own.target().namespace.clone());
        said.or(context).or_else(|| asked.namespace.clone())
    }

    /// What to read for each side. Files are judged by the labels of the cluster that they are
    /// compared with.
    pub(super) fn scopes<'a>(
        &'a self,
        args: &DiffArgs,
        asked: &'a Asked,
    ) -> Result<[Scope<'a>; 2]> {
        let cluster = |source: &'a Source| match source {
            Source::Live => self.live(),
            Source::Recorded(snapshot) => Some(Cluster::recorded(snapshot, TOOL, asked)),
            Source::Files(..) => None,
        };
        let [from, to] = &self.sources;
        let beside = |other| cluster(other).or_else(|| self.live().filter(|_| args.with_cluster));
        let scope = |source: &'a Source, other: &'a Source| -> Result<Scope<'a>> {
            let selection = asked.selection()?;
            Ok(match (source, cluster(source)) {
                (_, Some(cluster)) => Scope::Live { cluster, selection },
                (Source::Files(files, kustomize), None) => Scope::Files {
                    files: files.clone(),
                    kustomize: kustomize.as_deref(),
                    selection,
                    cluster: beside(other),
                },
                (Source::Live | Source::Recorded(_), None) => {
                    return Err(Error::could_not_run("there is no cluster to ask"));
                }
            })
        };
        Ok([scope(from, to)?, scope(to, from)?])
    }

    fn live(&self) -> Option<Cluster<'_>> {
        self.connection.as_ref().map(|connection| Cluster::Live { connection, recorder: None })
    }
}
