//! Which fix a violation gets, and its grade: the one table that the engine, the documents and
//! `explain` share.
//!
//! A is given only for what the manifest proves: the image is never looked at, and what it does
//! is not known.

use std::fmt::Write as _;

use posture::finding::fix::Grade;

/// One situation and its fix.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The checks that it is about.
    pub checks: &'static [&'static str],
    /// When it holds: a clause.
    pub when: &'static str,
    /// How safe the fix is.
    pub grade: Grade,
    /// What is done: an imperative half-sentence.
    pub title: &'static str,
    /// Why it has the grade: a clause.
    pub evidence: &'static str,
}

macro_rules! rows {
    ($($(#[$about:meta])* $name:ident: $grade:ident [$($check:literal)+] $when:literal, $title:literal, $evidence:literal;)*) => {
        $(
            $(#[$about])*
            pub(super) static $name: Row = Row {
                checks: &[$($check),+],
                when: $when,
                grade: Grade::$grade,
                title: $title,
                evidence: $evidence,
            };
        )*

        /// All rows, in the order of the documents.
        pub static TABLE: &[&Row] = &[$(&$name),*];
    };
}

rows! {
    USER_KNOWN: A ["runAsNonRoot"]
        "it is not set, and every container that it would hold for has a runAsUser above 0",
        "set runAsNonRoot to true for the pod",
        "every container that it holds for has a runAsUser above 0";
    USER_NAMED: A ["runAsNonRoot"]
        "it is not set, and every Windows container has a runAsUserName that is not ContainerAdministrator",
        "set runAsNonRoot to true for the pod",
        "on Windows the kubelet compares the user's name with ContainerAdministrator, and none has that";
    USER_SEEN: B ["runAsNonRoot"]
        "it is not set, and the containers run with UIDs above 0 now",
        "set runAsNonRoot to true for the pod",
        "the status of the running pod has UIDs above 0; another version of the image may have another user";
    USER_UNKNOWN: C ["runAsNonRoot"]
        "it is not set, and the image decides about the user",
        "set runAsUser and runAsNonRoot for the pod",
        "the image's user is not known: if it is root, or no number, the kubelet will not start the container";
    USER_FALSE: C ["runAsNonRoot"]
        "it is false",
        "set runAsUser, and runAsNonRoot to true",
        "somebody allows root on purpose";
    USER_ROOT: C ["runAsUser" "runAsNonRoot"]
        "runAsUser is 0",
        "set runAsUser to a user that is not root",
        "the manifest asks for root: which user has access to the files only people know";
    SECCOMP_DEFAULTED: A ["seccompProfile_restricted"]
        "no profile is set, and the kubelets are known to run with seccompDefault",
        "set seccompProfile to RuntimeDefault for the pod",
        "the kubelets run with seccompDefault, so that it is in force already";
    SECCOMP_UNSET: B ["seccompProfile_restricted"]
        "no profile is set",
        "set seccompProfile to RuntimeDefault for the pod",
        "the default profile stops very few programs: debuggers, sandboxes, what starts containers";
    SECCOMP_FORGOTTEN: C ["seccompProfile_restricted"]
        "no profile is set, but for an old annotation that asks for another one than the default",
        "set seccompProfile and remove the annotation",
        "somebody asked for another profile once, in a way that servers no longer read";
    SECCOMP_UNCONFINED: C ["seccompProfile_baseline" "seccompProfile_restricted"]
        "the profile is Unconfined, or of no known type",
        "set seccompProfile to RuntimeDefault or to a profile of its own",
        "somebody chose it";
    ESCALATION: B ["allowPrivilegeEscalation"]
        "it is true or not set",
        "set allowPrivilegeEscalation to false",
        "only set-user-ID programs and file capabilities in the image lose by it";
    ESCALATION_BLOCKED: C ["allowPrivilegeEscalation"]
        "the container is privileged or adds SYS_ADMIN",
        "decide about privileged or SYS_ADMIN first",
        "Kubernetes does not take allowPrivilegeEscalation: false together with privileged or SYS_ADMIN";
    DROP_CASE: A ["capabilities_restricted"]
        "all is dropped, in another case",
        "write ALL in capitals in capabilities.drop",
        "runtimes read the name in any case, the policy does not";
    DROP: B ["capabilities_restricted"]
        "ALL is not dropped",
        "drop ALL capabilities",
        "a process that is not root has no use of most of them; what add holds is kept";
    DROP_ROOT: C ["capabilities_restricted"]
        "ALL is not dropped, and the container runs as root",
        "drop ALL capabilities",
        "it runs as root and may change owners or users when it starts: CHOWN, SETUID, SETGID, DAC_OVERRIDE";
    ADD_CASE: A ["capabilities_baseline" "capabilities_restricted"]
        "an allowed capability is added, in another case",
        "write the capability in capitals",
        "runtimes read the name in any case, the policy does not";
    ADD_PREFIX: B ["capabilities_baseline" "capabilities_restricted"]
        "an allowed capability is added, with the prefix CAP_",
        "write the capability without CAP_",
        "not every runtime reads the prefix the same way";
    ADD_FORBIDDEN: C ["capabilities_baseline" "capabilities_restricted"]
        "another capability is added",
        "remove the capability",
        "a program that loses it fails when it first needs it, and only its owner knows whether it does";
    APP_ARMOR_ANNOTATION: A ["appArmorProfile"]
        "an annotation has an allowed value, and the server is 1.30 or later",
        "move the AppArmor annotation to the field",
        "servers since 1.30 copy the annotation to the field";
    APP_ARMOR: C ["appArmorProfile"]
        "the profile is Unconfined, or of no known type",
        "remove the AppArmor profile, so that the default applies",
        "somebody chose it, most often because the default stopped a mount or a debugger";
    SE_LINUX: C ["seLinuxOptions"]
        "type, user or role is not for containers",
        "remove SELinux type, user and role, and keep the level",
        "somebody met a denial, which comes back on nodes that enforce SELinux";
    SYSCTL: C ["sysctls"]
        "a kernel parameter is not allowed",
        "remove the parameter",
        "somebody tuned it, and only the owner knows for which load";
    PROBE_NAME: B ["hostProbesAndHostLifecycle"]
        "the host is a DNS name in an HTTP request",
        "send the host as a header, to the pod's own address",
        "a name is there for a virtual host most of the time";
    PROBE_OWN: B ["hostProbesAndHostLifecycle"]
        "the host is an address that the pod has now",
        "remove host: the kubelet calls the pod's own address",
        "the status of the running pod has that address";
    PROBE_HOST: C ["hostProbesAndHostLifecycle"]
        "the host is localhost or another address",
        "remove host: the kubelet calls the pod's own address",
        "the target of the probe changes: a program that listens on loopback only does not answer there";
    HOST_PORT: C ["hostPorts"]
        "a port of the node is taken",
        "remove hostPort",
        "clients that use the node's address lose it, and the manifest does not show them";
    HOST_PORT_NETWORK: C ["hostPorts"]
        "the server takes the ports because of hostNetwork",
        "remove hostNetwork",
        "it goes away with hostNetwork, and nothing else";
    HOST_NAMESPACE: C ["hostNamespaces"]
        "a namespace of the node is shared",
        "remove hostNetwork, hostPID or hostIPC",
        "the manifest does not say why it was set";
    PRIVILEGED: C ["privileged"]
        "a container is privileged",
        "remove privileged",
        "the manifest does not say which of all those powers the program uses";
    HOST_PROCESS: C ["windowsHostProcess"]
        "a Windows container runs on the node itself",
        "remove hostProcess",
        "such images are built for the node's file system";
    PROC_MOUNT: C ["procMount" "procMount_restricted"]
        "the masks over /proc are taken away",
        "remove procMount",
        "tools that start containers of their own need it";
    AGENT: X ["hostNamespaces" "hostPorts" "privileged" "windowsHostProcess" "allowPrivilegeEscalation"]
        "the pod works on the node: it mounts the node's directories too",
        "move it to a namespace at the level privileged",
        "it mounts the node's directories, as agents for the node do";
    PROPAGATION: X ["privileged" "allowPrivilegeEscalation"]
        "the container mounts for others (mountPropagation: Bidirectional)",
        "move it to a namespace at the level privileged",
        "Kubernetes allows Bidirectional mount propagation to privileged containers alone";
    HOST_PATH: X ["hostPathVolumes" "restrictedVolumes"]
        "a volume is a directory of the node",
        "take a volume that does not reach into the node",
        "no other volume has the same content";
    VOLUME: X ["restrictedVolumes"]
        "a volume names its storage itself",
        "take a persistentVolumeClaim or another allowed type",
        "somebody else must create what the volume is to be made of";
    WINDOWS: X ["allowPrivilegeEscalation" "capabilities_restricted" "seccompProfile_restricted" "runAsUser"]
        "the pod is for Windows, which the policy does not exempt before v1.25",
        "pin the namespace to v1.25 or later",
        "Kubernetes does not take the field for a Windows pod";
    UNREADABLE: X ["appArmorProfile" "capabilities_baseline" "hostNamespaces" "hostPathVolumes" "hostPorts" "hostProbesAndHostLifecycle" "privileged" "procMount" "seLinuxOptions" "seccompProfile_baseline" "sysctls" "windowsHostProcess" "allowPrivilegeEscalation" "capabilities_restricted" "procMount_restricted" "restrictedVolumes" "runAsNonRoot" "runAsUser" "seccompProfile_restricted"]
        "what stands around the field is no mapping or list",
        "correct the manifest",
        "the field cannot be written where it belongs";
}

/// The rows about a check.
pub fn of_check(check: &str) -> impl Iterator<Item = &'static Row> + '_ {
    let is_about = move |row: &&&'static Row| {
        row.checks.contains(&check) && !std::ptr::eq(**row, &raw const UNREADABLE)
    };
    TABLE.iter().filter(is_about).copied()
}

/// The grades that a check's fixes may have, the safest first: `A, B, C`.
pub fn grades(check: &str) -> String {
    let has = |grade: &Grade| of_check(check).any(|row| row.grade == *grade);
    let grades = Grade::ALL.into_iter().filter(has).map(|grade| grade.to_string());
    grades.collect::<Vec<_>>().join(", ")
}

/// What `explain` says of a check's fixes: when which grade holds, and what it does.
pub fn explain(check: &str) -> String {
    let mut rows: Vec<&Row> = of_check(check).collect();
    rows.sort_by_key(|row| row.grade);
    let mut text = "\n## Fix grades\n\n".to_owned();
    for grade in Grade::ALL {
        let own = rows.iter().filter(|row| row.grade == grade);
        for (position, row) in own.enumerate() {
            if position == 0 {
                // Writing to a string cannot fail.
                let _infallible = write!(text, "{grade}, {}:\n\n", grade.about());
            }
            let _infallible = writeln!(text, "- {}: {}", row.when, row.title);
        }
        if !text.ends_with("\n\n") {
            text.push('\n');
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
