//! Makes a case smaller for as long as it keeps what is wanted of it.

use std::ops::Range;

use anyhow::Result;
use secretwire_gotemplate::{List, Map, Value};

use crate::case::{Case, Profile};
use crate::case_file::DEFAULT_TEMPLATE;
use crate::tokens;

/// How often the property may be tried.
const MAX_TRIES: usize = 3_000;

/// Cuts a text with these delimiters into pieces.
type Cut = fn(&[u8], [&[u8]; 2]) -> Vec<Range<usize>>;

/// The smallest case found that `holds`, as `case` does.
pub(crate) fn shrink(case: Case, holds: impl FnMut(&Case) -> Result<bool>) -> Result<Case> {
    let mut shrinker = Shrinker {
        case,
        holds,
        tries_left: MAX_TRIES,
    };
    loop {
        let before = shrinker.size();
        shrinker.drop_templates()?;
        for i in 0..shrinker.case.templates.len() {
            shrinker.cut_text(i)?;
        }
        shrinker.drop_options()?;
        shrinker.cut_data()?;
        if shrinker.size() >= before || shrinker.tries_left == 0 {
            return Ok(shrinker.case);
        }
    }
}

struct Shrinker<F> {
    case: Case,
    holds: F,
    tries_left: usize,
}

impl<F: FnMut(&Case) -> Result<bool>> Shrinker<F> {
    fn size(&self) -> usize {
        let texts: usize = self.case.templates.iter().map(|t| t.text.len()).sum();
        texts + self.case.data.as_ref().map_or(0, weight)
    }

    /// Takes the candidate if it still holds.
    fn accept(&mut self, candidate: Case) -> Result<bool> {
        if self.tries_left == 0 {
            return Ok(false);
        }
        self.tries_left -= 1;
        let accepted = (self.holds)(&candidate)?;
        if accepted {
            self.case = candidate;
        }
        Ok(accepted)
    }

    fn drop_templates(&mut self) -> Result<()> {
        for i in (0..self.case.templates.len()).rev() {
            if self.case.templates[i].name != self.case.render {
                let mut candidate = self.case.clone();
                candidate.templates.remove(i);
                self.accept(candidate)?;
            }
        }
        Ok(())
    }

    fn drop_options(&mut self) -> Result<()> {
        let mut candidate = self.case.clone();
        if candidate.missing_key.take().is_some() {
            self.accept(candidate)?;
        }
        let mut candidate = self.case.clone();
        if candidate.delims.take().is_some() {
            for template in &mut candidate.templates {
                let text = String::from_utf8_lossy(&template.text);
                template.text = text.replace("[[", "{{").replace("]]", "}}").into_bytes();
            }
            self.accept(candidate)?;
        }
        for profile in [Profile::Text, Profile::Vso] {
            if self.case.profile != profile && self.case.profile != Profile::Text {
                let mut candidate = self.case.clone();
                candidate.profile = profile;
                self.accept(candidate)?;
            }
        }
        let mut candidate = self.case.clone();
        if let [only] = candidate.templates.as_mut_slice() {
            DEFAULT_TEMPLATE.clone_into(&mut only.name);
            DEFAULT_TEMPLATE.clone_into(&mut candidate.render);
            self.accept(candidate)?;
        }
        Ok(())
    }

    fn cut_text(&mut self, i: usize) -> Result<()> {
        self.cut_pieces(i, tokens::segments)?;
        self.simplify(i)?;
        self.cut_pieces(i, tokens::words)?;
        self.simplify(i)?;
        self.cut_pieces(i, |text, _| chars(text))
    }

    /// Drops runs of pieces, long ones first.
    fn cut_pieces(&mut self, i: usize, cut: Cut) -> Result<()> {
        let mut run = self.pieces(i, cut).len();
        while run > 0 {
            let mut end = self.pieces(i, cut).len();
            while end > 0 {
                let pieces = self.pieces(i, cut);
                end = end.min(pieces.len());
                let start = end.saturating_sub(run);
                if let (Some(first), Some(last)) = (pieces.get(start), pieces.get(end.max(1) - 1)) {
                    self.replace(i, first.start..last.end, b"")?;
                }
                end = start;
            }
            run /= 2;
        }
        Ok(())
    }

    fn pieces(&self, i: usize, cut: Cut) -> Vec<Range<usize>> {
        cut(&self.case.templates[i].text, delims(&self.case))
    }

    /// Takes blocks and parentheses from around their content, and writes something short for whole
    /// groups and strings.
    fn simplify(&mut self, i: usize) -> Result<()> {
        let mut n = 0;
        while let Some(edits) = self.edits(i, n) {
            for edit in edits {
                let mut candidate = self.case.clone();
                candidate.templates[i].text = edit;
                if self.accept(candidate)? {
                    break;
                }
            }
            n += 1;
        }
        Ok(())
    }

    /// What to try with the `n`th block, group or string; none if there are fewer.
    fn edits(&self, i: usize, n: usize) -> Option<Vec<Vec<u8>>> {
        let text = &self.case.templates[i].text;
        let delims = delims(&self.case);
        let segments = tokens::segments(text, delims);
        let blocks = tokens::blocks(text, &segments, delims);
        if let Some(&(open, close)) = blocks.get(n) {
            let (open, close) = (segments[open].clone(), segments[close].clone());
            let unwrapped = without(&without(text, close.clone()), open.clone());
            return Some(vec![replaced(text, open.start..close.end, b""), unwrapped]);
        }
        let n = n - blocks.len();
        let words = tokens::words(text, delims);
        let groups = tokens::groups(text, &words);
        if let Some(&(open, close)) = groups.get(n) {
            let (open, close) = (words[open].clone(), words[close].clone());
            let whole = open.start..close.end;
            let mut edits: Vec<_> = [&b""[..], b"1", b"\"\"", b"."]
                .into_iter()
                .map(|short| replaced(text, whole.clone(), short))
                .collect();
            edits.push(without(&without(text, close), open));
            return Some(edits);
        }
        let string = words
            .iter()
            .filter(|word| word.len() > 3 && text[word.start] == b'"')
            .nth(n - groups.len())?;
        let shorts = [&b"\"\""[..], b"\"a\""];
        Some(
            shorts
                .into_iter()
                .map(|short| replaced(text, string.clone(), short))
                .collect(),
        )
    }

    fn replace(&mut self, i: usize, range: Range<usize>, with: &[u8]) -> Result<bool> {
        let mut candidate = self.case.clone();
        candidate.templates[i].text = replaced(&candidate.templates[i].text, range, with);
        self.accept(candidate)
    }

    fn cut_data(&mut self) -> Result<()> {
        let Some(data) = self.case.data.clone() else {
            return Ok(());
        };
        let mut candidate = self.case.clone();
        candidate.data = None;
        if self.accept(candidate)? {
            return Ok(());
        }
        let mut n = 0;
        let mut smaller = smaller(&data);
        while let Some(data) = smaller.get(n) {
            let mut candidate = self.case.clone();
            candidate.data = Some(data.clone());
            if self.accept(candidate)? {
                // What comes before `n` was in vain and mostly still is.
                smaller = self
                    .case
                    .data
                    .as_ref()
                    .map(self::smaller)
                    .unwrap_or_default();
            } else {
                n += 1;
            }
        }
        Ok(())
    }
}

fn delims(case: &Case) -> [&[u8]; 2] {
    match &case.delims {
        Some([left, right]) if !left.is_empty() && !right.is_empty() => {
            [left.as_bytes(), right.as_bytes()]
        }
        _ => [b"{{", b"}}"],
    }
}

fn chars(text: &[u8]) -> Vec<Range<usize>> {
    String::from_utf8_lossy(text)
        .char_indices()
        .map(|(at, c)| at..at + c.len_utf8())
        .collect()
}

fn without(text: &[u8], range: Range<usize>) -> Vec<u8> {
    replaced(text, range, b"")
}

fn replaced(text: &[u8], range: Range<usize>, with: &[u8]) -> Vec<u8> {
    [&text[..range.start], with, &text[range.end..]].concat()
}

/// All values with one member less.
fn smaller(value: &Value) -> Vec<Value> {
    match value {
        Value::Map(map) => {
            let entries = map.entries();
            let mut all = Vec::new();
            for i in 0..entries.len() {
                let mut rest = entries.clone();
                let (key, member) = rest.remove(i);
                all.push(object(rest.clone()));
                for member in smaller(&member) {
                    let mut changed = rest.clone();
                    changed.push((key.clone(), member));
                    all.push(object(changed));
                }
            }
            all
        }
        Value::List(list) => {
            let mut all = Vec::new();
            for (i, item) in list.items().iter().enumerate() {
                let mut rest = list.items().to_vec();
                rest.remove(i);
                all.push(List::any(rest).into());
                for member in smaller(item) {
                    let mut changed = list.items().to_vec();
                    changed[i] = member;
                    all.push(List::any(changed).into());
                }
            }
            all
        }
        _ => Vec::new(),
    }
}

fn object(entries: Vec<(secretwire_gotemplate::Str, Value)>) -> Value {
    entries.into_iter().collect::<Map>().into()
}

/// The number of members at all levels.
fn weight(value: &Value) -> usize {
    match value {
        Value::Map(map) => map
            .entries()
            .iter()
            .map(|(_, member)| 1 + weight(member))
            .sum(),
        Value::List(list) => list.items().iter().map(|item| 1 + weight(item)).sum(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(text: &str, data: &str) -> Case {
        let line = format!(
            r#"{{"name":"n","profile":"vso","missingkey":"zero","templates":[{{"name":"main","text":{text:?}}},{{"name":"more","text":"x"}}],"render":"main","data":{data}}}"#
        );
        Case::parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn only_what_matters_is_left() {
        let data = r#"{"a":{"b":1,"c":2},"d":[1,2]}"#;
        let text = r#"x {{ if .d }}y{{ print (len (list 1 (quote "z" .a.b))) | lower }}{{ end }}"#;
        let holds = |case: &Case| {
            let text = String::from_utf8_lossy(&case.templates[0].text).into_owned();
            let data = case
                .data
                .as_ref()
                .map(|data| crate::case::encode(data).unwrap());
            Ok(text.contains("quote") && data.is_some_and(|data| data.ends_with(b"2]}")))
        };
        let small = shrink(case(text, data), holds).unwrap();
        assert_eq!(
            small.to_string(),
            "=== n\n--- profile text\n--- data {\"d\":[2]}\nquote\n"
        );
    }

    #[test]
    fn blocks_and_groups_are_unwrapped() {
        let text = "{{ if true }}{{ with 1 }}{{ ((len (print 1))) }}{{ end }}{{ end }}";
        let holds = |case: &Case| Ok(case.answer()?.to_string() == "output \"1\"");
        let small = shrink(case(text, "{}"), holds).unwrap();
        assert_eq!(small.templates[0].text, b"{{1}}", "{small}");
    }
}
