use std::fmt::Write as _;

use secretwire_api::KvType;
use secretwire_core::render::Origin;

use super::produce::Product;

/// Lines of a value that are shown.
const MAX_LINES: usize = 40;
/// Characters of a line that are shown.
const MAX_LINE: usize = 200;

/// Appends a resource's keys with origins, sizes and values, for people to read.
pub(super) fn show(product: &Product<'_>, out: &mut String) {
    let Product {
        resource,
        secret,
        type_,
        kv,
        rendered,
        notes,
    } = product;
    let kv = match kv {
        KvType::V1 => "kv-v1",
        KvType::V2 => "kv-v2",
    };
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        out,
        "VaultStaticSecret {resource} ({kv}) makes Secret {secret} ({type_})"
    );
    for note in notes {
        let _ = writeln!(out, "note: {note}");
    }
    for (key, value) in rendered.data.expose() {
        let origin = rendered.origins.get(key).map(origin).unwrap_or_default();
        let _ = writeln!(out, "\n{key} ({}, {origin})", bytes(value.len()));
        show_value(value, out);
    }
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Raw => "_raw".to_owned(),
        Origin::Source => "source key".to_owned(),
        Origin::Template { name, source: None } => format!("template {name}"),
        Origin::Template {
            name,
            source: Some(source),
        } => format!("template {name} for source key {source}"),
    }
}

/// Text as it is, as far as it fits on a screen; of all else only the size.
fn show_value(value: &[u8], out: &mut String) {
    let Some(text) = std::str::from_utf8(value)
        .ok()
        .filter(|text| is_printable(text))
    else {
        let _ = writeln!(out, "  <{}>", bytes(value.len()));
        return;
    };
    for line in text.lines().take(MAX_LINES) {
        match line.char_indices().nth(MAX_LINE) {
            None => {
                let _ = writeln!(out, "  {line}");
            }
            Some((end, _)) => {
                let more = bytes(line.len() - end);
                let _ = writeln!(out, "  {} … {more} more", &line[..end]);
            }
        }
    }
    match text.lines().count() {
        count if count > MAX_LINES => {
            let _ = writeln!(out, "  … {} more lines", count - MAX_LINES);
        }
        _ => {}
    }
}

/// Control characters could do anything to a terminal.
fn is_printable(text: &str) -> bool {
    !text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

fn bytes(count: usize) -> String {
    match count {
        1 => "1 byte".to_owned(),
        _ => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &[u8]) -> String {
        let mut out = String::new();
        show_value(value, &mut out);
        out
    }

    #[test]
    fn values_that_no_terminal_should_see_are_told_by_their_size() {
        assert_eq!(shown(b"\x1b[2Jx"), "  <5 bytes>\n");
        assert_eq!(shown(&[0xfe]), "  <1 byte>\n");
        assert_eq!(shown("ä\tb\r\nc\n".as_bytes()), "  ä\tb\n  c\n");
        assert_eq!(shown(b""), "");
    }

    #[test]
    fn long_lines_and_many_lines_are_cut_and_the_rest_is_counted() {
        assert_eq!(
            shown("ä".repeat(MAX_LINE + 3).as_bytes()),
            format!("  {} … 6 bytes more\n", "ä".repeat(MAX_LINE))
        );
        let many = shown("x\n".repeat(MAX_LINES + 2).as_bytes());
        assert_eq!(many.lines().count(), MAX_LINES + 1);
        assert!(many.ends_with("\n  … 2 more lines\n"), "{many}");
        assert_eq!(
            shown("x\n".repeat(MAX_LINES).as_bytes()).lines().count(),
            MAX_LINES
        );
    }
}
