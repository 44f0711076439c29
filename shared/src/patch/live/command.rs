//! The command of kubectl that does what we do.

use super::super::operations::{self, Operation};
use super::super::shell;
use crate::client::resource::Resource;
use crate::model::object::ObjectRef;

/// `kubectl patch TYPE NAME -n NS --type=json -p '…'`, for a POSIX shell.
pub(super) fn patch(
    words: &[String],
    resource: &Resource,
    object: &ObjectRef,
    operations: &[Operation],
) -> String {
    let mut command = vec!["kubectl".to_owned()];
    command.extend(words.iter().cloned());
    command.extend(["patch".to_owned(), resource.qualified(), object.name.clone()]);
    if let Some(namespace) = &object.namespace {
        command.extend(["-n".to_owned(), namespace.clone()]);
    }
    command.extend(["--type=json".to_owned(), "-p".to_owned(), operations::text(operations)]);
    command.iter().map(|word| shell::word(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn commands_can_be_pasted() {
        let resource = Resource::new("apps", "v1", "deployments", "Deployment", true);
        let object = ObjectRef {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: Some("shop".to_owned()),
            name: "web".to_owned(),
        };
        let operations =
            [Operation::Add { path: "/spec/x".to_owned(), value: json!("it's <$HOME>") }];
        assert_eq!(
            patch(&["--context=a b".to_owned()], &resource, &object, &operations),
            "kubectl '--context=a b' patch deployments.apps web -n shop --type=json \
             -p '[{\"op\":\"add\",\"path\":\"/spec/x\",\"value\":\"it'\\''s \
             \\u003c$HOME\\u003e\"}]'"
        );
    }
}
