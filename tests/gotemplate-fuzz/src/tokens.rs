//! Template texts cut into pieces. This is no parser: the pieces of a broken text are as good.

use std::ops::Range;

/// Literal text and actions, in turn; together they are the whole text.
pub(crate) fn segments(text: &[u8], [left, right]: [&[u8]; 2]) -> Vec<Range<usize>> {
    let mut segments = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = if text[at..].starts_with(left) {
            find(text, right, at + left.len()).map(|found| found + right.len())
        } else {
            find(text, left, at)
        };
        let end = end.unwrap_or(text.len());
        segments.push(at..end);
        at = end;
    }
    segments
}

/// Like [`segments`], with actions cut into words, strings and single marks.
pub(crate) fn words(text: &[u8], delims: [&[u8]; 2]) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    for segment in segments(text, delims) {
        if !text[segment.clone()].starts_with(delims[0]) {
            words.push(segment);
            continue;
        }
        let mut at = segment.start;
        while at < segment.end {
            let end = at + word_length(&text[at..segment.end], delims);
            words.push(at..end);
            at = end;
        }
    }
    words
}

/// Pairs of words: parentheses that belong together.
pub(crate) fn groups(text: &[u8], words: &[Range<usize>]) -> Vec<(usize, usize)> {
    pairs(words, |word| match &text[word] {
        b"(" => Nesting::Opens,
        b")" => Nesting::Closes,
        _ => Nesting::Neither,
    })
}

/// Pairs of segments: the actions that begin and end a block.
pub(crate) fn blocks(
    text: &[u8],
    segments: &[Range<usize>],
    [left, _]: [&[u8]; 2],
) -> Vec<(usize, usize)> {
    pairs(segments, |segment| {
        let Some(action) = text[segment].strip_prefix(left) else {
            return Nesting::Neither;
        };
        let action = action
            .strip_prefix(b"-")
            .unwrap_or(action)
            .trim_ascii_start();
        let length = action
            .iter()
            .take_while(|c| c.is_ascii_alphabetic())
            .count();
        match &action[..length] {
            b"if" | b"with" | b"range" | b"block" | b"define" => Nesting::Opens,
            b"end" => Nesting::Closes,
            _ => Nesting::Neither,
        }
    })
}

enum Nesting {
    Opens,
    Closes,
    Neither,
}

fn pairs(
    pieces: &[Range<usize>],
    nesting: impl Fn(Range<usize>) -> Nesting,
) -> Vec<(usize, usize)> {
    let mut open = Vec::new();
    let mut pairs = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        match nesting(piece.clone()) {
            Nesting::Opens => open.push(i),
            Nesting::Closes => pairs.extend(open.pop().map(|start| (start, i))),
            Nesting::Neither => {}
        }
    }
    pairs
}

fn word_length(rest: &[u8], delims: [&[u8]; 2]) -> usize {
    if let Some(delim) = delims.into_iter().find(|delim| rest.starts_with(delim)) {
        return delim.len();
    }
    match rest[0] {
        quote @ (b'"' | b'\'' | b'`') => string_length(rest, quote),
        c if is_word(c) => rest.iter().take_while(|&&c| is_word(c)).count(),
        _ => 1,
    }
}

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'$') || !c.is_ascii()
}

fn string_length(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' if quote != b'`' => at += 1,
            c if c == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    rest.len()
}

fn find(text: &[u8], part: &[u8], from: usize) -> Option<usize> {
    text[from..]
        .windows(part.len())
        .position(|window| window == part)
        .map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELIMS: [&[u8]; 2] = [b"{{", b"}}"];
    const TEXT: &[u8] = br#"a{{ if (eq .x "}") }}b{{- end }}"#;

    fn cut(ranges: &[Range<usize>]) -> Vec<&'static str> {
        let text = std::str::from_utf8(TEXT).unwrap();
        ranges.iter().map(|range| &text[range.clone()]).collect()
    }

    #[test]
    fn pieces_add_up_to_the_text() {
        let segments = segments(TEXT, DELIMS);
        assert_eq!(
            cut(&segments),
            ["a", r#"{{ if (eq .x "}") }}"#, "b", "{{- end }}"]
        );
        assert_eq!(blocks(TEXT, &segments, DELIMS), [(1, 3)]);
        let words = words(TEXT, DELIMS);
        assert_eq!(cut(&words).concat().as_bytes(), TEXT);
        let [(open, close)] = groups(TEXT, &words)[..] else {
            panic!("one group expected")
        };
        assert_eq!(
            cut(&words[open..=close]),
            ["(", "eq", " ", ".x", " ", r#""}""#, ")"]
        );
    }

    #[test]
    fn broken_texts_are_cut_too() {
        for text in ["{{", "{{ \"a", "}}", "{{ ) ( `", ""] {
            let words = words(text.as_bytes(), DELIMS);
            let total: usize = words.iter().map(Range::len).sum();
            assert_eq!(total, text.len());
        }
    }
}
