//! One case: files, environment and flags, and what kubectl makes of them.

use posture_harness::recorder::Rule;

/// One of the recording servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// TLS, with the certificate that most cases trust; asks for the client's.
    A,
    /// The same at another port.
    B,
    /// TLS, with a certificate of somebody else.
    Stranger,
    /// Without TLS.
    Plain,
    /// As A, at an address of this machine that is not its own loop.
    Outside,
}

/// Every server.
pub const SERVERS: [Server; 5] =
    [Server::A, Server::B, Server::Stranger, Server::Plain, Server::Outside];

/// What standard input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Empty, and no terminal.
    Empty,
    /// A terminal on which this is typed.
    Terminal(&'static str),
}

/// What kubectl must do, so that the case is about what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Lists what this server has.
    Reaches(Server),
    /// Fails, and says this on standard error.
    Fails(&'static str),
}

/// A file of the home folder.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path below the home folder.
    pub path: String,
    /// Its text, with places such as `@A@`.
    pub text: String,
    /// Whether it can be executed.
    pub program: bool,
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is about.
    pub name: &'static str,
    /// The files.
    pub files: Vec<File>,
    /// The environment beside `HOME` and `PATH`.
    pub env: Vec<(&'static str, String)>,
    /// What is asked for, and the flags.
    pub arguments: Vec<String>,
    /// Standard input.
    pub input: Input,
    /// How the servers treat requests.
    pub rules: Vec<(Server, Rule)>,
    /// What kubectl does.
    pub expected: Expected,
    /// A text that may be in no output.
    pub secret: Option<&'static str>,
    /// What standard error says, ours and kubectl's.
    pub said: Vec<&'static str>,
    /// Why we do not do as kubectl does.
    pub known: Option<&'static str>,
}

/// A case in which kubectl reaches a server.
pub fn reaches(server: Server, name: &'static str) -> Case {
    Case::new(name, Expected::Reaches(server))
}

/// A case in which kubectl fails with this on standard error.
pub fn fails(text: &'static str, name: &'static str) -> Case {
    Case::new(name, Expected::Fails(text))
}

impl Case {
    fn new(name: &'static str, expected: Expected) -> Self {
        Self {
            name,
            files: Vec::new(),
            env: Vec::new(),
            arguments: vec!["pods".to_owned()],
            input: Input::Empty,
            rules: Vec::new(),
            expected,
            secret: None,
            said: Vec::new(),
            known: None,
        }
    }

    /// With a file.
    #[must_use]
    pub fn file(mut self, path: &str, text: impl Into<String>) -> Self {
        self.files.push(File { path: path.to_owned(), text: text.into(), program: false });
        self
    }

    /// With the kubeconfig of the home folder.
    #[must_use]
    pub fn config(self, text: impl Into<String>) -> Self {
        self.file(".kube/config", text)
    }

    /// With the home folder's kuberc.
    #[must_use]
    pub fn kuberc(self, text: &str) -> Self {
        self.file(".kube/kuberc", text)
    }

    /// With a program.
    #[must_use]
    pub fn program(mut self, path: &str, text: impl Into<String>) -> Self {
        self.files.push(File { path: path.to_owned(), text: text.into(), program: true });
        self
    }

    /// With a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    /// With flags, separated by spaces.
    #[must_use]
    pub fn flags(mut self, flags: &str) -> Self {
        self.arguments.extend(flags.split(' ').map(str::to_owned));
        self
    }

    /// With one argument as it is.
    #[must_use]
    pub fn flag(mut self, flag: &str) -> Self {
        self.arguments.push(flag.to_owned());
        self
    }

    /// With a terminal as standard input.
    #[must_use]
    pub fn typed(mut self, text: &'static str) -> Self {
        self.input = Input::Terminal(text);
        self
    }

    /// With a rule of a server.
    #[must_use]
    pub fn rule(mut self, server: Server, rule: Rule) -> Self {
        self.rules.push((server, rule));
        self
    }

    /// With a text that may be in none of our output.
    #[must_use]
    pub fn secret(mut self, text: &'static str) -> Self {
        self.secret = Some(text);
        self
    }

    /// In which we are known to differ, with the reason.
    #[must_use]
    pub fn known(mut self, why: &'static str) -> Self {
        self.known = Some(why);
        self
    }

    /// With a text that is in both standard errors.
    #[must_use]
    pub fn says(mut self, text: &'static str) -> Self {
        self.said.push(text);
        self
    }
}

/// A kubeconfig of one cluster, one user and one context, from the fields of each.
pub fn config(cluster: &str, user: &str, context: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Config, current-context: here, \
         clusters: [{{name: a, cluster: {{{cluster}}}}}], \
         users: [{{name: ann, user: {{{user}}}}}], \
         contexts: [{{name: here, context: {{cluster: a, user: ann, {context}}}}}]}}"
    )
}

/// The fields of the cluster at A.
pub const A: &str = "server: @A@, certificate-authority-data: @CA_DATA@";

/// The fields of the cluster at B.
pub const B: &str = "server: @B@, certificate-authority-data: @CA_DATA@";

/// The kubeconfig of the user with this token at A.
pub fn with_token(token: &str) -> String {
    config(A, &format!("token: {token}"), "")
}

/// A kubeconfig with this user at A.
pub fn with_user(user: &str) -> String {
    config(A, user, "")
}

/// Two clusters, several users, two contexts: `here` (ann at A) and `there` (bob at B, in the
/// namespace team).
pub fn two() -> String {
    format!(
        "{{apiVersion: v1, kind: Config, current-context: here, \
         clusters: [{{name: a, cluster: {{{A}}}}}, {{name: b, cluster: {{{B}}}}}], \
         users: [{{name: ann, user: {{token: ann-token}}}}, {{name: bob, user: {{token: bob-token}}}}, \
         {{name: basic, user: {{username: carl, password: carl-password}}}}, \
         {{name: file, user: {{tokenFile: token-file}}}}, \
         {{name: cert, user: {{client-certificate-data: @CERT_DATA@, client-key-data: @KEY_DATA@}}}}], \
         contexts: [{{name: here, context: {{cluster: a, user: ann}}}}, \
         {{name: there, context: {{cluster: b, user: bob, namespace: team}}}}]}}"
    )
}
