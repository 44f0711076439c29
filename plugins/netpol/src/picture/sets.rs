//! Sets of parties, each once.

use std::hash::Hasher as _;
use std::io;

use roaring::RoaringBitmap;
use rustc_hash::{FxHashMap, FxHasher};

/// The number of a set: equal sets have equal numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SetId(pub(super) usize);

/// Sets, each once.
#[derive(Debug, Default)]
pub(super) struct Sets {
    sets: Vec<RoaringBitmap>,
    known: FxHashMap<u64, Vec<usize>>,
}

impl Sets {
    /// The number of a set; it is added where it is new.
    pub(super) fn add(&mut self, mut set: RoaringBitmap) -> SetId {
        // One form for equal sets: what is compared is their bytes.
        set.remove_run_compression();
        let same = self.known.entry(hash(&set)).or_default();
        if let Some(&known) = same.iter().find(|&&known| self.sets[known] == set) {
            return SetId(known);
        }
        let number = self.sets.len();
        same.push(number);
        self.sets.push(set);
        SetId(number)
    }

    /// The set of a number.
    pub(super) fn get(&self, id: SetId) -> &RoaringBitmap {
        &self.sets[id.0]
    }
}

fn hash(set: &RoaringBitmap) -> u64 {
    let mut hashing = Hashing(FxHasher::default());
    // Nothing is written anywhere that could fail.
    let _infallible = set.serialize_into(&mut hashing);
    hashing.0.finish()
}

struct Hashing(FxHasher);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
