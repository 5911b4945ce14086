//! The search for secret values in what anybody may read.

use anyhow::{Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

/// In every secret value of the suites, and in nothing else.
const MARKER: &str = "s3ntinel-value-";

/// A secret value that is found wherever it gets out. All values that suites write to Vault are made by this.
pub fn secret_value(name: &str) -> String {
    format!("{MARKER}{name}")
}

/// The forms in which a secret value may get out.
pub struct Leaks {
    forms: Vec<String>,
}

impl Default for Leaks {
    fn default() -> Self {
        Self::new()
    }
}

impl Leaks {
    /// Plain text, base64 at any alignment, and a list of bytes as `{:?}` prints it.
    pub fn new() -> Self {
        let bytes: Vec<_> = MARKER.bytes().map(|byte| byte.to_string()).collect();
        let mut forms = vec![MARKER.to_owned(), bytes.join(", ")];
        forms.extend((0..3).map(encoded));
        Self { forms }
    }

    /// Looks through `text`, the content of `place`.
    ///
    /// # Errors
    /// A secret value is in it; the text says where.
    pub fn check(&self, place: &str, text: &str) -> Result<()> {
        for (number, line) in text.lines().enumerate() {
            if let Some(found) = self.forms.iter().find_map(|form| line.find(form)) {
                let before: String = line[..found].chars().rev().take(200).collect();
                let before: String = before.chars().rev().collect();
                bail!(
                    "{place}, line {}: holds a secret value, after {before:?}",
                    number + 1
                );
            }
        }
        Ok(())
    }
}

/// The base64 characters that the marker alone decides when `shift` bytes stand before it in a group of three.
fn encoded(shift: usize) -> String {
    let text = [vec![0; shift], MARKER.as_bytes().to_vec()].concat();
    let (first, end) = ((shift * 8).div_ceil(6), text.len() * 8 / 6);
    STANDARD_NO_PAD.encode(&text)[first..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_in_each_form() {
        let value = secret_value("x");
        for prefix in ["", "a", "ab", "abc"] {
            let text = format!("{prefix}{value}");
            for form in [
                text.clone(),
                STANDARD_NO_PAD.encode(&text),
                format!("{:?}", text.as_bytes()),
            ] {
                assert!(Leaks::new().check("here", &form).is_err(), "{form}");
            }
        }
    }

    #[test]
    fn other_text_is_no_leak() {
        let text = "password\nvss/db-credentials\nczNudA==";
        Leaks::new().check("here", text).unwrap();
    }
}
