//! Paths, mounts and namespaces, parsed once where they enter.

use std::{fmt, str::FromStr};

use http::HeaderValue;

/// A path below Vault's `/v1/`: segments joined by `/`, none of them empty, `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VaultPath(String);

impl VaultPath {
    /// Parses a path. Slashes at either end and doubled slashes are dropped, as Vault's own clients
    /// do it; every other character is data and is percent-encoded on the wire.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let mut path = String::with_capacity(text.len());
        for segment in text.split('/').filter(|segment| !segment.is_empty()) {
            if segment == "." || segment == ".." {
                return Err(PathError::Dots);
            }
            if segment.chars().any(char::is_control) {
                return Err(PathError::Control);
            }
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(segment);
        }
        if path.is_empty() {
            return Err(PathError::Empty);
        }
        Ok(Self(path))
    }

    /// The path without encoding.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Parts that are valid paths by themselves stay valid when joined.
    pub(crate) fn join(parts: &[&str]) -> Self {
        Self(parts.join("/"))
    }
}

impl fmt::Display for VaultPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for VaultPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

/// Where a secrets engine or auth method is mounted; may have several segments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mount(VaultPath);

impl Mount {
    /// Parses a mount by the rules of [`VaultPath::parse`].
    pub fn parse(text: &str) -> Result<Self, PathError> {
        VaultPath::parse(text).map(Self)
    }

    /// The mount without slashes at its ends.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Mount {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

/// A Vault namespace other than the root, sent as `X-Vault-Namespace`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Namespace(HeaderValue);

impl Namespace {
    /// Parses a namespace; blanks and slashes around it are dropped.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let trimmed = text.trim().trim_matches('/');
        if trimmed.is_empty() {
            return Err(PathError::Empty);
        }
        HeaderValue::from_str(trimmed)
            .map(Self)
            .map_err(|_| PathError::Control)
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.0.as_bytes()))
    }
}

impl FromStr for Namespace {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

/// Why a path, mount or namespace is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nothing but slashes or blanks.
    #[error("is empty")]
    Empty,
    /// A `.` or `..` segment could name something outside the mount.
    #[error("has a '.' or '..' segment")]
    Dots,
    /// Vault refuses these too.
    #[error("has a control character")]
    Control,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_the_slashes_that_name_nothing() {
        for text in ["apps/db", "/apps/db", "apps/db/", "apps//db"] {
            assert_eq!(
                VaultPath::parse(text).unwrap().as_str(),
                "apps/db",
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_could_leave_the_mount() {
        let cases = [
            ("", PathError::Empty),
            ("//", PathError::Empty),
            ("..", PathError::Dots),
            ("a/../b", PathError::Dots),
            ("a/./b", PathError::Dots),
            ("a\nb", PathError::Control),
            ("a\u{7f}", PathError::Control),
        ];
        for (text, error) in cases {
            assert_eq!(VaultPath::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(VaultPath::parse("..a/b..").unwrap().as_str(), "..a/b..");
    }

    #[test]
    fn trims_a_namespace() {
        assert_eq!(
            Namespace::parse(" /team/a/ ").unwrap().to_string(),
            "team/a"
        );
        assert_eq!(Namespace::parse(" / "), Err(PathError::Empty));
        assert_eq!(Namespace::parse("a\r\nb"), Err(PathError::Control));
    }
}
