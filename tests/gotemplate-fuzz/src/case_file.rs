//! Cases in the format of `tests/gotemplate-oracle/cases`.

use std::fmt;

use secretwire_gotemplate::Value;

use crate::case::{Case, encode};

/// The name of a case's first template, unless it says otherwise.
pub(crate) const DEFAULT_TEMPLATE: &str = "t";

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "=== {}", self.name)?;
        writeln!(f, "--- profile {}", self.profile.name())?;
        if let Some(missing_key) = &self.missing_key {
            writeln!(f, "--- missingkey {missing_key}")?;
        }
        if let Some([left, right]) = &self.delims {
            writeln!(f, "--- delims {left} {right}")?;
        }
        if let Some(data) = &self.data {
            writeln!(f, "--- data {}", json(data))?;
        }
        if self.templates.first().map(|first| &first.name) != Some(&self.render) {
            writeln!(f, "--- render {}", self.render)?;
        }
        for (i, template) in self.templates.iter().enumerate() {
            if i > 0 || template.name != DEFAULT_TEMPLATE {
                writeln!(f, "--- template {}", template.name)?;
            }
            match std::str::from_utf8(&template.text) {
                Ok(text) if is_plain(text) => writeln!(f, "{text}")?,
                _ => writeln!(f, "--- text {}", json(&Value::str(&*template.text)))?,
            }
        }
        Ok(())
    }
}

/// Whether the file format keeps the text as it is.
fn is_plain(text: &str) -> bool {
    let is_line = |line: &str| {
        !["# ", "> ", "=== ", "--- "]
            .iter()
            .any(|mark| line.starts_with(mark))
    };
    !text.is_empty()
        && !text.ends_with([' ', '\t', '\n'])
        && !text.chars().any(|c| c.is_control() && c != '\n')
        && text.split('\n').all(is_line)
}

fn json(value: &Value) -> String {
    match encode(value) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) => format!("({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        Case::parse(line.as_bytes()).unwrap().to_string()
    }

    #[test]
    fn a_case_of_one_plain_text_is_short() {
        let line = r#"{"name":"n","profile":"vso","templates":[{"name":"t","text":"{{ 1 }}"}],"render":"t","data":{"a":1.50}}"#;
        assert_eq!(
            shown(line),
            "=== n\n--- profile vso\n--- data {\"a\":1.50}\n{{ 1 }}\n"
        );
    }

    #[test]
    fn what_the_format_would_change_is_written_as_json() {
        let line = r#"{"name":"n","profile":"text","missingkey":"zero","delims":["[[","]]"],"templates":[{"name":"a","text":"x "},{"name":"b","text":"> x"}],"render":"b"}"#;
        assert_eq!(
            shown(line),
            "=== n\n--- profile text\n--- missingkey zero\n--- delims [[ ]]\n--- render b\n\
             --- template a\n--- text \"x \"\n--- template b\n--- text \"> x\"\n"
        );
    }
}
