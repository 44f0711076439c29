//! Plans of many files, and the way back.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use posture::input::files::FileArgs;
use posture::input::inventory;
use posture::model::clock::Clock;
use posture::model::edit::Edit;
use posture::model::error::Error;
use posture::model::path::FieldPath;
use posture::patch::files::{self, Writing};
use posture::patch::plan::{Change, Step};
use posture::patch::report::{Came, Carried, Fate};
use posture::patch::undo::Undo;
use posture::patch::{diff, write};
use tempfile::TempDir;

const POD: &str = "# mine\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web  # kept\nspec:\n  hostPID: true\n  containers:\n  - name: a\n    image: x\n";

/// Everything in a folder, with what is to be done: none of the host's namespaces.
fn changes(folder: &Path) -> Vec<Change> {
    let names = vec![folder.to_string_lossy().into_owned()];
    let inventory =
        inventory::read(&FileArgs { names, ..FileArgs::default() }, None).expect("it can be read");
    let change = |object: posture::model::object::Object| {
        let step = Step {
            title: "take hostPID out".into(),
            check: None,
            grade: None,
            evidence: "".into(),
            edits: vec![Edit::remove(FieldPath::of("spec.hostPID"))],
        };
        let reference = object.reference(None);
        Change::new(object, reference, vec![step], Vec::new()).expect("it can be made")
    };
    inventory.objects.into_iter().map(change).collect()
}

fn writing(undo: &Path) -> Writing<'_> {
    Writing { tool: "kubectl-test", undo_file: Some(undo), clock: Clock::System }
}

/// A folder of manifests, each of them [`POD`].
fn folder(names: &[&str]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::create_dir(folder.path().join("all")).expect("made");
    for name in names {
        fs::write(folder.path().join("all").join(name), POD).expect("written");
    }
    folder
}

fn all(folder: &TempDir) -> PathBuf {
    folder.path().join("all")
}

fn after() -> String {
    POD.replace("  hostPID: true\n", "")
}

fn fates(carried: &Carried) -> Vec<&Came> {
    carried.came.iter().collect()
}

#[test]
fn nothing_is_written_unless_it_is_asked_for() {
    let folder = folder(&["a.yaml"]);
    let carried = files::carry_out(&changes(&all(&folder)), None).expect("it can be shown");
    assert_eq!(fates(&carried), [&Came::Of(Fate::Shown)]);
    assert_eq!(carried.rewritten[0].after, after());
    assert_eq!(fs::read_to_string(all(&folder).join("a.yaml")).expect("it is there"), POD);
}

#[test]
fn one_file_that_cannot_be_written_does_not_stop_the_others_and_all_can_be_taken_back() {
    let folder = folder(&["a.yaml", "b.yaml", "c.yaml"]);
    let locked = all(&folder).join("b.yaml");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o444)).expect("set");
    let undo = folder.path().join("state/undo.yaml");
    let carried =
        files::carry_out(&changes(&all(&folder)), Some(writing(&undo))).expect("it is carried out");
    let (made, failed) = (Came::Of(Fate::Made), Came::Of(Fate::Failed));
    assert_eq!(fates(&carried), [&made, &failed, &made]);
    let gaps: Vec<&str> = carried.gaps.iter().map(|gap| gap.why.as_str()).collect();
    assert_eq!(gaps, ["not written: it is read-only"]);
    let texts = || {
        ["a.yaml", "b.yaml", "c.yaml"]
            .map(|name| fs::read_to_string(all(&folder).join(name)).expect("it is there"))
    };
    assert_eq!(texts(), [after(), POD.to_owned(), after()]);
    assert_eq!(carried.undo.as_deref(), Some(undo.as_path()));
    let permissions = undo.metadata().expect("it is there").permissions();
    assert_eq!(permissions.mode() & 0o777, 0o600);
    let undo = Undo::read(&undo).expect("it is an undo file");
    assert_eq!(undo.files.len(), 2);
    for file in &undo.files {
        write::replace_text(Path::new(&file.path), |text| {
            file.restore(text).map_err(Error::could_not_run)
        })
        .expect("it can be taken back");
    }
    assert_eq!(texts(), [POD, POD, POD]);
}

#[test]
fn without_an_undo_file_nothing_is_written() {
    let folder = folder(&["a.yaml"]);
    fs::write(folder.path().join("taken"), "").expect("written");
    for undo in ["taken", "taken/undo.yaml"] {
        let undo = folder.path().join(undo);
        let outcome = files::carry_out(&changes(&all(&folder)), Some(writing(&undo)));
        outcome.expect_err("there is no undo file");
        assert_eq!(fs::read_to_string(all(&folder).join("a.yaml")).expect("it is there"), POD);
    }
}

#[test]
fn a_file_that_goes_by_two_names_is_written_once() {
    let folder = folder(&["a.yaml"]);
    symlink("a.yaml", all(&folder).join("b.yaml")).expect("linked");
    let undo = folder.path().join("undo.yaml");
    let carried =
        files::carry_out(&changes(&all(&folder)), Some(writing(&undo))).expect("it is carried out");
    let made = Came::Of(Fate::Made);
    assert_eq!(fates(&carried), [&made, &made]);
    assert_eq!(carried.rewritten.len(), 1);
    assert!(!diff::of_source(&carried.rewritten[0].source, &carried.rewritten[0].after).is_empty());
    assert_eq!(fs::read_to_string(all(&folder).join("b.yaml")).expect("it is there"), after());
    assert_eq!(Undo::read(&undo).expect("it is an undo file").files.len(), 1);
}
