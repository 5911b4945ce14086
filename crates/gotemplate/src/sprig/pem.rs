//! PEM as Go's `encoding/pem` reads and writes it.

use std::collections::BTreeMap;

use super::encoding::{base64_decode, base64_encode};
use super::strings::find;

const START: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const END_OF_LINE: &[u8] = b"-----";

/// One block.
pub(super) struct Block {
    pub(super) label: Vec<u8>,
    headers: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) bytes: Vec<u8>,
}

impl Block {
    /// A block without headers.
    pub(super) fn new(label: &str, bytes: Vec<u8>) -> Self {
        Self {
            label: label.as_bytes().to_vec(),
            headers: BTreeMap::new(),
            bytes,
        }
    }

    /// The blocks of a text; what is none is passed over.
    pub(super) fn all(text: &[u8]) -> Vec<Self> {
        let mut rest = text;
        std::iter::from_fn(|| {
            let (block, after) = Self::next(rest)?;
            rest = after;
            Some(block)
        })
        .collect()
    }

    /// The first block of a text.
    pub(super) fn first(text: &[u8]) -> Option<Self> {
        Self::next(text).map(|(block, _)| block)
    }

    fn next(text: &[u8]) -> Option<(Self, &[u8])> {
        let mut rest = text;
        loop {
            // The last beginning before the next end.
            let end = find(rest, END)?;
            let candidate = &rest[..end];
            let begin = candidate.windows(START.len()).rposition(|w| w == START);
            let after_end = &rest[end + END.len()..];
            let parsed = begin
                .filter(|begin| *begin == 0 || candidate[begin - 1] == b'\n')
                .and_then(|begin| Self::between(&candidate[begin + START.len()..], after_end));
            if let Some(parsed) = parsed {
                return Some(parsed);
            }
            rest = after_end;
        }
    }

    /// A block from what stands after its `BEGIN` and after its `END`.
    fn between<'a>(inside: &[u8], after_end: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (label, mut body) = line(inside);
        let label = label.strip_suffix(END_OF_LINE)?;
        let mut headers = BTreeMap::new();
        loop {
            let (header, after) = line(body);
            let Some(colon) = header.iter().position(|b| *b == b':') else {
                break;
            };
            let (key, value) = header.split_at(colon);
            headers.insert(key.trim_ascii().to_vec(), value[1..].trim_ascii().to_vec());
            body = after;
        }
        let after_label = after_end.strip_prefix(label)?.strip_prefix(END_OF_LINE)?;
        let (trailing, rest) = line(after_label);
        if !trailing.is_empty() {
            return None;
        }
        let data: Vec<u8> = body
            .iter()
            .copied()
            .filter(|b| !matches!(b, b' ' | b'\t'))
            .collect();
        let block = Self {
            label: label.to_vec(),
            headers,
            bytes: base64_decode(&data).ok()?,
        };
        Some((block, rest))
    }

    /// `pem.EncodeToMemory`, which gives nothing for headers it cannot write.
    pub(super) fn encode(&self) -> Vec<u8> {
        const PROC_TYPE: &[u8] = b"Proc-Type";
        let mut out = [START, &self.label, END_OF_LINE, b"\n"].concat();
        let first = self.headers.get_key_value(PROC_TYPE);
        let others = self.headers.iter().filter(|(key, _)| *key != PROC_TYPE);
        for (key, value) in first.into_iter().chain(others) {
            out.extend([key, &b": "[..], value, b"\n"].concat());
        }
        if !self.headers.is_empty() {
            out.push(b'\n');
        }
        for line in base64_encode(&self.bytes).as_bytes().chunks(64) {
            out.extend_from_slice(line);
            out.push(b'\n');
        }
        out.extend([&END[1..], &self.label, END_OF_LINE, b"\n"].concat());
        out
    }
}

/// The first line without white space at its end, and what follows it.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match text.iter().position(|b| *b == b'\n') {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, &b""[..]),
    };
    let spaces = line
        .iter()
        .rev()
        .take_while(|b| matches!(b, b' ' | b'\t' | b'\r'))
        .count();
    (&line[..line.len() - spaces], rest)
}
