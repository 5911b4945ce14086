//! The first document of a YAML text as nodes, aliases not yet followed.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use crate::limits::{Ctx, LimitError};

use super::MAX_NESTING;
use super::yaml::is_readable;

/// Why a text gives no value.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is not the YAML we want, in the words of Go where we know them.
    Text(String),
    Limit(LimitError),
}

impl From<LimitError> for Fault {
    fn from(limit: LimitError) -> Self {
        Self::Limit(limit)
    }
}

/// The place of a node in [`Document::nodes`].
pub(super) type NodeId = usize;

pub(super) enum Node {
    Alias {
        /// `None` for an anchor of another document.
        target: Option<NodeId>,
        at: Marker,
    },
    Mapping(Vec<NodeId>),
    Scalar {
        text: String,
        tag: String,
        /// Whether its meaning is to be found out from its text.
        implicit: bool,
    },
    Sequence(Vec<NodeId>),
}

/// A document; its nodes refer to each other by their places.
pub(super) struct Document<'a> {
    text: &'a str,
    nodes: Vec<Node>,
    pub(super) root: NodeId,
}

impl Document<'_> {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The name in the alias at `at`, for a message.
    pub(super) fn anchor_name(&self, at: Marker) -> String {
        anchor_name(self.text, at)
    }
}

/// Reads the first document; `None` if there is none.
pub(super) fn compose<'a>(ctx: &mut Ctx, text: &'a [u8]) -> Result<Option<Document<'a>>, Fault> {
    let text = readable(text).map_err(|problem| Fault::Text(format!("yaml: {problem}")))?;
    let mut composer = Composer {
        text,
        unended_at: match text.lines().last() {
            Some(line) if !text.ends_with(['\n', '\r']) && !line.trim().is_empty() => {
                text.chars().count()
            }
            _ => usize::MAX,
        },
        nodes: Vec::new(),
        anchors: HashMap::new(),
        open: Vec::new(),
    };
    let mut parser: Parser<'_, StrInput<'_>> = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| composer.explain(&error))?;
        ctx.charge(1)?;
        if let Some(root) = composer.take(ctx, event, span)? {
            // A broken end of the document is a fault of the document.
            let end = parser.next_event().transpose();
            end.map_err(|error| composer.explain(&error))?;
            let nodes = composer.nodes;
            return Ok(Some(Document { text, nodes, root }));
        }
    }
    Ok(None)
}

/// The text, if it has only characters that YAML may have.
fn readable(text: &[u8]) -> Result<&str, &'static str> {
    let (valid, fault) = match std::str::from_utf8(text) {
        Ok(valid) => (valid, None),
        Err(error) => {
            let (valid, rest) = text.split_at(error.valid_up_to());
            let fault = match rest.first() {
                Some(0x80..=0xbf | 0xf8..) => "invalid leading UTF-8 octet",
                _ if error.error_len().is_none() => "incomplete UTF-8 octet sequence",
                _ => "invalid trailing UTF-8 octet",
            };
            (std::str::from_utf8(valid).unwrap_or_default(), Some(fault))
        }
    };
    if !valid.chars().all(is_readable) {
        return Err("control characters are not allowed");
    }
    fault.map_or(Ok(valid), Err)
}

struct Composer<'a> {
    text: &'a str,
    /// Where the text ends, in characters, if its last line is not empty and has no line break.
    unended_at: usize,
    nodes: Vec<Node>,
    anchors: HashMap<usize, NodeId>,
    /// The collections around the current position.
    open: Vec<NodeId>,
}

impl Composer<'_> {
    /// Adds what an event stands for. Returns the root once it is complete.
    fn take(
        &mut self,
        ctx: &mut Ctx,
        event: Event<'_>,
        span: Span,
    ) -> Result<Option<NodeId>, Fault> {
        match event {
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).copied();
                let id = self.add(
                    ctx,
                    Node::Alias {
                        target,
                        at: span.start,
                    },
                    0,
                )?;
                Ok(self.complete(id))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.map(|tag| full(&tag)).unwrap_or_default();
                ctx.reserve(text.len() + tag.len())?;
                let mut text = text.into_owned();
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                if is_block && span.end.index() >= self.unended_at && text.ends_with('\n') {
                    // Go adds no line break to a last line that has none.
                    text.pop();
                }
                let scalar = Node::Scalar {
                    text,
                    implicit: tag.is_empty() && style == ScalarStyle::Plain,
                    tag,
                };
                let id = self.add(ctx, scalar, anchor)?;
                Ok(self.complete(id))
            }
            Event::SequenceStart(anchor, _) => self.begin(ctx, Node::Sequence(Vec::new()), anchor),
            Event::MappingStart(anchor, _) => self.begin(ctx, Node::Mapping(Vec::new()), anchor),
            Event::SequenceEnd | Event::MappingEnd => {
                let ended = self.open.pop();
                Ok(ended.and_then(|id| self.complete(id)))
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(None),
        }
    }

    fn begin(
        &mut self,
        ctx: &mut Ctx,
        collection: Node,
        anchor: usize,
    ) -> Result<Option<NodeId>, Fault> {
        if self.open.len() >= MAX_NESTING {
            return Err(LimitError::Nesting(MAX_NESTING).into());
        }
        let id = self.add(ctx, collection, anchor)?;
        self.open.push(id);
        Ok(None)
    }

    /// An anchor of zero is none.
    fn add(&mut self, ctx: &mut Ctx, node: Node, anchor: usize) -> Result<NodeId, Fault> {
        ctx.reserve(size_of::<Node>() + size_of::<NodeId>())?;
        let id = self.nodes.len();
        self.nodes.push(node);
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        Ok(id)
    }

    /// Puts a complete node into the collection around it; if there is none, it is the root.
    fn complete(&mut self, id: NodeId) -> Option<NodeId> {
        let Some(parent) = self.open.last() else {
            return Some(id);
        };
        if let Node::Sequence(children) | Node::Mapping(children) = &mut self.nodes[*parent] {
            children.push(id);
        }
        None
    }

    /// The position is as in Go, the words are the parser's own.
    fn explain(&self, error: &ScanError) -> Fault {
        let at = *error.marker();
        let problem = error.info();
        Fault::Text(if problem.ends_with("unknown anchor") {
            let name = anchor_name(self.text, at);
            format!("yaml: unknown anchor '{name}' referenced")
        } else {
            format!("yaml: line {}: {problem}", at.line())
        })
    }
}

fn full(tag: &Tag) -> String {
    format!("{}{}", tag.handle, tag.suffix)
}

/// The name in the alias at `at`: events only number them, but messages have to name them. Goes
/// through the whole text, so it is only for the message that ends the reading.
fn anchor_name(text: &str, at: Marker) -> String {
    let line = text.lines().nth(at.line().saturating_sub(1));
    line.unwrap_or_default()
        .chars()
        .skip(at.col() + 1)
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        .collect()
}
