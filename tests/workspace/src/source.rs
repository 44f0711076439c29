//! What a Rust file names: the paths it imports or uses, the macros it calls, its attributes and
//! the modules it declares.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Something that a file names, and the line it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub line: usize,
    /// The path's parts: `["crate", "model", "node"]`.
    pub parts: Vec<String>,
    /// The modules inside the file around the place: `["tests"]`.
    pub inside: Vec<String>,
    /// Whether it is compiled for tests only, as far as this file tells.
    pub for_tests: bool,
}

/// `mod name;`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    pub name: String,
    /// The value of its `path` attribute.
    pub path: Option<String>,
    /// The modules inside the file around it.
    pub inside: Vec<String>,
    /// Whether it is compiled for tests only.
    pub for_tests: bool,
}

/// What a file names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub paths: Vec<Named>,
    /// Macros by the last part of their path, those inside of other macros' arguments too.
    pub macros: Vec<Named>,
    pub attributes: Vec<Named>,
    pub modules: Vec<Declared>,
    /// Whether the file has a macro that declares modules, and the words that it may be given.
    declares_by_macro: bool,
    words: Vec<String>,
    inside: Vec<String>,
    for_tests: bool,
}

/// Reads a file; the error says why it is no Rust.
pub(crate) fn names(text: &str) -> Result<Names, syn::Error> {
    let file = syn::parse_file(text)?;
    let mut names = Names::default();
    names.visit_file(&file);
    if names.declares_by_macro {
        let words = std::mem::take(&mut names.words);
        let module = |name| Declared { name, path: None, inside: Vec::new(), for_tests: false };
        names.modules.extend(words.into_iter().map(module));
    }
    Ok(names)
}

impl Names {
    fn named(&self, line: usize, parts: Vec<String>) -> Named {
        Named { line, parts, inside: self.inside.clone(), for_tests: self.for_tests }
    }

    fn use_tree(&mut self, tree: &syn::UseTree, parts: &[String]) {
        let with = |ident: &syn::Ident| {
            let mut parts = parts.to_vec();
            // `use a::{self}` names `a`.
            if ident != "self" || parts.is_empty() {
                parts.push(ident.to_string());
            }
            parts
        };
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&path.tree, &with(&path.ident)),
            syn::UseTree::Name(name) => self.push_path(name.span(), with(&name.ident)),
            syn::UseTree::Rename(rename) => self.push_path(rename.span(), with(&rename.ident)),
            syn::UseTree::Glob(glob) => self.push_path(glob.span(), parts.to_vec()),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, parts);
                }
            }
        }
    }

    fn push_path(&mut self, span: proc_macro2::Span, parts: Vec<String>) {
        let named = self.named(span.start().line, parts);
        self.paths.push(named);
    }

    /// Finds paths and macros in the arguments of a macro, which syn leaves as tokens.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut parts: Vec<String> = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 && !parts.is_empty() {
                        self.flush(line, &mut parts);
                    }
                    line = ident.span().start().line;
                    parts.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Punct(punct) if punct.as_char() == '!' && !parts.is_empty() => {
                    let named = self.named(line, parts.clone());
                    self.macros.push(named);
                    self.flush(line, &mut parts);
                    colons = 0;
                }
                TokenTree::Group(group) => {
                    self.flush(line, &mut parts);
                    self.tokens(group.stream());
                    colons = 0;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.flush(line, &mut parts);
                    colons = 0;
                }
            }
        }
        self.flush(line, &mut parts);
    }

    /// Ends a path among tokens; a single word is no path.
    fn flush(&mut self, line: usize, parts: &mut Vec<String>) {
        let parts = std::mem::take(parts);
        if parts.len() > 1 {
            let named = self.named(line, parts);
            self.paths.push(named);
        }
    }
}

/// Whether a macro's rules hold `mod $`.
fn declares_modules(tokens: TokenStream) -> bool {
    let mut after_mod = false;
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if after_mod && punct.as_char() == '$' => return true,
            TokenTree::Group(group) if declares_modules(group.stream()) => return true,
            TokenTree::Ident(ident) => after_mod = ident == "mod",
            _ => after_mod = false,
        }
    }
    false
}

/// `#[cfg(test)]`
fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    match &attribute.meta {
        syn::Meta::List(list) => {
            list.path.is_ident("cfg") && list.tokens.to_string().trim() == "test"
        }
        _ => false,
    }
}

fn parts(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&item.tree, &[]);
        for attribute in &item.attrs {
            self.visit_attribute(attribute);
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.push_path(item.ident.span(), vec![item.ident.to_string()]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.push_path(path.span(), parts(path));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let named = self.named(called.span().start().line, parts(&called.path));
        self.macros.push(named);
        self.tokens(called.tokens.clone());
        visit::visit_macro(self, called);
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        let tokens = item.mac.tokens.clone();
        if item.mac.path.is_ident("macro_rules") {
            self.declares_by_macro |= declares_modules(tokens);
        } else {
            let words = tokens.into_iter().filter_map(|token| match token {
                TokenTree::Ident(ident) => Some(ident.to_string()),
                _ => None,
            });
            self.words.extend(words);
        }
        visit::visit_item_macro(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let line = attribute.span().start().line;
        let named = self.named(line, parts(attribute.path()));
        self.attributes.push(named);
        if let syn::Meta::List(list) = &attribute.meta {
            // What `cfg_attr` sets, and what a derive names.
            if list.path.is_ident("cfg_attr") {
                for token in list.tokens.clone() {
                    if let TokenTree::Ident(ident) = token {
                        let named = self.named(line, vec![ident.to_string()]);
                        self.attributes.push(named);
                    }
                }
            }
            self.tokens(list.tokens.clone());
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let around = self.for_tests;
        self.for_tests |= item.attrs.iter().any(is_cfg_test);
        if item.content.is_none() {
            let path = item.attrs.iter().find_map(|attribute| match &attribute.meta {
                syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                    syn::Expr::Lit(literal) => match &literal.lit {
                        syn::Lit::Str(text) => Some(text.value()),
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            });
            let name = item.ident.to_string();
            let inside = self.inside.clone();
            self.modules.push(Declared { name, path, inside, for_tests: self.for_tests });
        }
        self.inside.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.inside.pop();
        self.for_tests = around;
    }
}
