//! The benchmark's file: many Deployments as a chart would render them, as YAML.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::random::Random;

/// Of this many Deployments one violates restricted.
const VIOLATING_ONE_IN: usize = 3;

const APPS: [&str; 8] =
    ["checkout", "catalog", "payments", "search", "gateway", "mailer", "ledger", "profile"];

/// What a violating Deployment has in place of the container's compliant security context.
const VIOLATIONS: [&str; 4] = [
    "          privileged: true\n",
    "          allowPrivilegeEscalation: true\n          runAsUser: 0\n",
    "          capabilities:\n            add: [\"NET_ADMIN\", \"SYS_TIME\"]\n",
    "          allowPrivilegeEscalation: false\n",
];

const COMPLIANT: &str = "          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities:
            drop: [\"ALL\"]
";

/// Writes `count` Deployments of about 2.5 kB each, separated as kubectl separates documents.
///
/// # Errors
/// What writing to `out` returns.
pub fn write(seed: u64, count: usize, out: &mut impl Write) -> io::Result<()> {
    let mut random = Random::new(seed);
    for index in 0..count {
        if index > 0 {
            out.write_all(b"---\n")?;
        }
        out.write_all(deployment(&mut random, index).as_bytes())?;
    }
    out.flush()
}

fn deployment(random: &mut Random, index: usize) -> String {
    let app = random.pick(&APPS);
    let name = format!("{app}-{index}");
    let team = format!("team-{}", random.below(40));
    let version = format!("{}.{}.{}", random.below(4), random.below(20), random.below(10));
    let labels = |indent: usize| {
        let space = " ".repeat(indent);
        format!(
            "{space}app.kubernetes.io/name: {app}\n\
             {space}app.kubernetes.io/instance: {name}\n\
             {space}app.kubernetes.io/version: \"{version}\"\n\
             {space}app.kubernetes.io/managed-by: Helm\n\
             {space}team: {team}\n"
        )
    };
    let replicas = 1 + random.below(5);
    let mut text = format!(
        "# Source: {app}/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {team}
  labels:
{}spec:
  replicas: {replicas}
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      app.kubernetes.io/instance: {name}
  template:
    metadata:
      annotations:
        checksum/config: {:016x}{:016x}
      labels:
{}    spec:
      serviceAccountName: {app}
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        fsGroup: 1000
        seccompProfile:
          type: RuntimeDefault
      containers:
      - name: {app}
        image: \"registry.example.com/{team}/{app}:{version}\"
        imagePullPolicy: IfNotPresent
        securityContext:
",
        labels(4),
        random.number(),
        random.number(),
        labels(8),
    );
    let violating = index.is_multiple_of(VIOLATING_ONE_IN);
    text.push_str(if violating { random.pick(&VIOLATIONS) } else { COMPLIANT });
    text.push_str("        ports:\n        - name: http\n          containerPort: 8080\n");
    text.push_str("          protocol: TCP\n        env:\n");
    environment(random, app, &mut text);
    probes_and_resources(random, &mut text);
    volumes(app, &name, &mut text);
    text
}

fn environment(random: &mut Random, app: &str, text: &mut String) {
    for index in 0..4 + random.below(3) {
        let value = random.number();
        let app = app.to_uppercase();
        let _ =
            write!(text, "        - name: {app}_SETTING_{index}\n          value: \"{value:x}\"\n");
    }
    let reference = "        - name: DATABASE_PASSWORD
          valueFrom:
            secretKeyRef:
              name: database
              key: password
        - name: POD_IP
          valueFrom:
            fieldRef:
              fieldPath: status.podIP
";
    text.push_str(reference);
}

fn probes_and_resources(random: &mut Random, text: &mut String) {
    for probe in ["livenessProbe", "readinessProbe"] {
        let delay = 5 + random.below(20);
        let _ = write!(
            text,
            "        {probe}:
          httpGet:
            path: /healthz
            port: http
          initialDelaySeconds: {delay}
          periodSeconds: 10
"
        );
    }
    let (processor, memory) = (50 * (1 + random.below(8)), 64 * (1 + random.below(8)));
    let _ = write!(
        text,
        "        resources:
          requests:
            cpu: {processor}m
            memory: {memory}Mi
          limits:
            memory: {}Mi
",
        2 * memory
    );
}

fn volumes(app: &str, name: &str, text: &mut String) {
    let _ = write!(
        text,
        "        volumeMounts:
        - name: config
          mountPath: /etc/{app}
          readOnly: true
        - name: tmp
          mountPath: /tmp
      volumes:
      - name: config
        configMap:
          name: {name}
      - name: tmp
        emptyDir: {{}}
"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_about_as_big_as_promised_and_repeatable() {
        let file = |seed| {
            let mut bytes = Vec::new();
            write(seed, 100, &mut bytes).expect("memory takes everything");
            bytes
        };
        let size = file(1).len() / 100;
        assert!((2_300..2_700).contains(&size), "{size} bytes each");
        assert_eq!(file(1), file(1));
        assert_ne!(file(1), file(2));
    }
}
