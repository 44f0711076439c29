//! Which requests policies and webhooks are for, against a real API server.
#![cfg(test)]

mod matching;
mod policies;
mod webhooks;

use posture_generators::random::Random;
use posture_harness::cluster::Cluster;
use posture_harness::seed;

/// Policies come first: webhooks that refuse are in their way.
#[test]
fn policies_and_webhooks_are_asked_where_we_say_so() {
    let cluster = Cluster::shared();
    let mut random = Random::new(seed::seed());
    let namespaces = matching::namespaces(cluster, &mut random);
    policies::judge(cluster, &mut random, &namespaces);
    webhooks::judge(cluster, &mut random, &namespaces);
}
