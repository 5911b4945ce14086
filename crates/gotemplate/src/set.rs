//! Sets of templates that can call each other.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::builtins;
use crate::error::Error;
use crate::exec;
use crate::funcs::FuncMap;
use crate::limits::{Ctx, Limits};
use crate::parse::node::{Tree, is_blank};
use crate::parse::{self, Syntax};
use crate::quote::quoted;
use crate::runes;
use crate::value::Value;

/// What a field of a map yields that has no such entry: Go's option `missingkey`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum MissingKey {
    /// No value, printed as `<no value>`.
    #[default]
    Default,
    /// The zero value of the map's element type.
    Zero,
    /// An error.
    Error,
}

/// Named templates with shared functions and options. Parse all texts first, then render any number
/// of times, also from several threads.
#[derive(Clone)]
pub struct Set {
    /// The name of the first text, which Go's messages call the owner of the set.
    owner: Option<String>,
    left_delim: String,
    right_delim: String,
    missing_key: MissingKey,
    funcs: Arc<FuncMap>,
    templates: HashMap<String, Arc<Template>>,
    /// Of all texts.
    tokens: usize,
    /// Of all texts.
    bytes: usize,
}

/// A template and the text it came from.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) tree: Tree,
    pub(crate) source: Arc<Source>,
}

/// A parsed text, kept to find lines and columns in.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: Vec<u8>,
}

impl Source {
    /// Line from 1, column in bytes from 0.
    pub(crate) fn place(&self, pos: usize) -> (usize, usize) {
        let before = &self.text[..pos];
        let line = 1 + runes::newlines(before);
        let line_start = before.iter().rposition(|&b| b == b'\n');
        (line, pos - line_start.map_or(0, |at| at + 1))
    }
}

impl Set {
    /// An empty set with Go's builtins and defaults.
    pub fn new() -> Self {
        Self {
            owner: None,
            left_delim: "{{".to_owned(),
            right_delim: "}}".to_owned(),
            missing_key: MissingKey::Default,
            funcs: Arc::default(),
            templates: HashMap::new(),
            tokens: 0,
            bytes: 0,
        }
    }

    /// Sets the delimiters for texts parsed from now on; an empty one stands for the usual.
    #[must_use]
    pub fn delims(mut self, left: &str, right: &str) -> Self {
        let or = |delim: &str, usual: &str| if delim.is_empty() { usual } else { delim }.to_owned();
        self.left_delim = or(left, "{{");
        self.right_delim = or(right, "}}");
        self
    }

    /// Sets what missing map entries yield.
    #[must_use]
    pub fn missing_key(mut self, missing_key: MissingKey) -> Self {
        self.missing_key = missing_key;
        self
    }

    /// Sets the functions beside the builtins.
    #[must_use]
    pub fn funcs(mut self, funcs: Arc<FuncMap>) -> Self {
        self.funcs = funcs;
        self
    }

    /// Parses `text` as the template `name`, together with those it defines. Templates parsed before
    /// are replaced, except by blank ones.
    pub fn parse(&mut self, name: &str, text: &[u8]) -> Result<(), Error> {
        let funcs = &self.funcs;
        let syntax = Syntax {
            name,
            left_delim: self.left_delim.as_bytes(),
            right_delim: self.right_delim.as_bytes(),
            tokens_before: self.tokens,
            has_function: &|name| funcs.contains(name) || builtins::find(name).is_some(),
        };
        let parsed = parse::parse(text, &syntax)
            .map_err(|error| Error::parse(name, error.line, &error.message))?;
        self.tokens += parsed.tokens;
        self.bytes += text.len();
        self.owner.get_or_insert_with(|| name.to_owned());
        let source = Arc::new(Source {
            name: name.to_owned(),
            text: text.to_owned(),
        });
        for tree in parsed.trees {
            if is_blank(&tree.root) && self.templates.contains_key(&tree.name) {
                continue;
            }
            let source = Arc::clone(&source);
            let name = tree.name.clone();
            self.templates
                .insert(name, Arc::new(Template { tree, source }));
        }
        Ok(())
    }

    /// About the memory that its templates take, in bytes.
    pub(crate) fn weight(&self) -> usize {
        const TOKEN: usize = 100;
        // A text is kept to find places in, and what is between actions once more.
        2 * self.bytes + TOKEN * self.tokens
    }

    /// The names of all templates, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.templates.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Renders the template `name` over `data`.
    pub fn render(&self, name: &str, data: &Value, limits: &Limits) -> Result<Vec<u8>, Error> {
        let Some(template) = self.template(name) else {
            let owner = quoted(self.owner.as_deref().unwrap_or_default());
            let message = format!(
                "template: no template {} associated with template {owner}",
                quoted(name)
            );
            return Err(Error::not_found(name, message));
        };
        let mut ctx = Ctx::new(limits);
        exec::execute(self, template, data, &mut ctx)
    }

    pub(crate) fn template(&self, name: &str) -> Option<&Template> {
        self.templates.get(name).map(Arc::as_ref)
    }

    pub(crate) fn functions(&self) -> &FuncMap {
        &self.funcs
    }

    pub(crate) fn on_missing_key(&self) -> MissingKey {
        self.missing_key
    }
}

impl Default for Set {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Set {
    /// Names only: templates can hold secrets of their own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Set")
            .field("names", &self.names())
            .finish_non_exhaustive()
    }
}
