//! Policies to ask for.

use kubectl_pss::level::{Level, LevelVersion, PolicyVersion};

/// The newest minor whose rules are known.
pub const NEWEST: u16 = 37;

/// Baseline and restricted.
pub const LEVELS: [Level; 2] = [Level::Baseline, Level::Restricted];

/// Every version that some check begins at, the ones around them, the newest and one beyond.
pub fn versions() -> Vec<PolicyVersion> {
    let mut versions: Vec<PolicyVersion> = (0..=NEWEST + 1).map(PolicyVersion::of).collect();
    versions.push(PolicyVersion::Latest);
    versions.push(PolicyVersion::Beyond(9_223_372_036_854_775_807));
    versions
}

/// Both levels at each of the versions.
pub fn policies(versions: &[PolicyVersion]) -> Vec<LevelVersion> {
    let both = |&version: &PolicyVersion| LEVELS.map(|level| LevelVersion { level, version });
    versions.iter().flat_map(both).collect()
}

/// The policies as judges read them.
pub fn texts(policies: &[LevelVersion]) -> Vec<String> {
    policies.iter().map(ToString::to_string).collect()
}
