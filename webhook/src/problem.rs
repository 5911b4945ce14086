//! What can be wrong with a request, under codes that never change meaning.

use std::fmt;

/// A stable code; each has a section in the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// Unknown key under the prefix.
    Sw101,
    /// Bad value.
    Sw102,
    /// Modifier without its base key.
    Sw103,
    /// Illegal id or path.
    Sw105,
    /// Resource not found.
    Sw201,
    /// Kind left out and ambiguous.
    Sw203,
    /// Reference into another namespace.
    Sw204,
    /// The resource exists and its sync failed.
    Sw205,
    /// A named key is not in the Secret.
    Sw206,
    /// The destination is not created by the resource, and absent.
    Sw207,
    /// Mount path or variable name taken.
    Sw301,
    /// Container selector matches nothing.
    Sw302,
    /// Two files at one path of a volume.
    Sw305,
    /// A gate is impossible.
    Sw401,
    /// The wait timed out, or nothing would wait.
    Sw402,
    /// Would wait, were it not a dry run.
    Sw403,
    /// The user wrote a key that is ours.
    Sw601,
    /// A template does not parse.
    Sw701,
    /// A regular expression does not compile.
    Sw702,
    /// Two of a kind where one can be.
    Sw703,
    /// A key that the Secret cannot have.
    Sw704,
    /// A reference, path, name or duration that can be none.
    Sw705,
    /// A field without effect.
    Sw706,
    /// What is referred to does not exist yet.
    Sw707,
    /// The spec is none that this version can read.
    Sw708,
    /// A template asks for what its input has not.
    Sw709,
    /// Internal: caches not filled yet, or a bug of ours.
    Sw900,
}

impl Code {
    /// The code as users see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sw101 => "SW101",
            Self::Sw102 => "SW102",
            Self::Sw103 => "SW103",
            Self::Sw105 => "SW105",
            Self::Sw201 => "SW201",
            Self::Sw203 => "SW203",
            Self::Sw204 => "SW204",
            Self::Sw205 => "SW205",
            Self::Sw206 => "SW206",
            Self::Sw207 => "SW207",
            Self::Sw301 => "SW301",
            Self::Sw302 => "SW302",
            Self::Sw305 => "SW305",
            Self::Sw401 => "SW401",
            Self::Sw402 => "SW402",
            Self::Sw403 => "SW403",
            Self::Sw601 => "SW601",
            Self::Sw701 => "SW701",
            Self::Sw702 => "SW702",
            Self::Sw703 => "SW703",
            Self::Sw704 => "SW704",
            Self::Sw705 => "SW705",
            Self::Sw706 => "SW706",
            Self::Sw707 => "SW707",
            Self::Sw708 => "SW708",
            Self::Sw709 => "SW709",
            Self::Sw900 => "SW900",
        }
    }

    /// Whether a workload or one of our resources is refused for it too. What other objects may still put right is only
    /// a warning there, as manifests are applied in any order.
    pub(crate) fn denies_early(self) -> bool {
        match self {
            Self::Sw101
            | Self::Sw102
            | Self::Sw103
            | Self::Sw105
            | Self::Sw204
            | Self::Sw302
            | Self::Sw305
            | Self::Sw701
            | Self::Sw702
            | Self::Sw703
            | Self::Sw704
            | Self::Sw705 => true,
            Self::Sw201
            | Self::Sw203
            | Self::Sw205
            | Self::Sw206
            | Self::Sw207
            | Self::Sw301
            | Self::Sw401
            | Self::Sw402
            | Self::Sw403
            | Self::Sw601
            | Self::Sw706
            | Self::Sw707
            | Self::Sw708
            | Self::Sw709
            | Self::Sw900 => false,
        }
    }
}

/// One thing wrong, at one key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The annotation key without its prefix, such as `mount.db.path`; of our own resources the path of the field.
    pub key: String,
    /// The stable code.
    pub code: Code,
    /// Cause and fix.
    pub text: String,
}

impl Problem {
    pub(crate) fn new(code: Code, key: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            code,
            text: text.into(),
        }
    }

    /// The problem as one clean line of at most `longest` characters.
    pub(crate) fn line(&self, longest: usize) -> String {
        clip(&self.to_string(), longest)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code.as_str(), self.key, self.text)
    }
}

/// `text` without control characters, cut to `longest` characters. The API server drops a warning that has a control
/// character as a whole.
pub(crate) fn clip(text: &str, longest: usize) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    if text.chars().count() <= longest {
        return clean.collect();
    }
    clean.take(longest.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_clean_and_short() {
        let problem = Problem::new(
            Code::Sw205,
            "mount.db",
            format!("line one\nline two {}", "é".repeat(300)),
        );
        let line = problem.line(120);
        assert_eq!(line.chars().count(), 120);
        assert!(line.starts_with("SW205 mount.db: line one line two"));
        assert!(line.ends_with('…') && !line.contains('\n'));
    }
}
