//! Which texts can be a mount or path of Vault, for those who talk to no Vault.

/// Why a text can be no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultPathError {
    /// Nothing but slashes.
    #[error("is empty")]
    Empty,
    /// It could lead out of the mount.
    #[error("has a `.` or `..` segment")]
    Dots,
    /// Vault refuses these.
    #[error("has a control character")]
    Control,
}

/// Checks what the client for Vault would refuse. Slashes at the ends and doubled ones are dropped there.
pub fn check(text: &str) -> Result<(), VaultPathError> {
    let mut empty = true;
    for segment in text.split('/').filter(|segment| !segment.is_empty()) {
        if matches!(segment, "." | "..") {
            return Err(VaultPathError::Dots);
        }
        if segment.chars().any(char::is_control) {
            return Err(VaultPathError::Control);
        }
        empty = false;
    }
    if empty {
        return Err(VaultPathError::Empty);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_their_mount() {
        for (text, expected) in [
            ("apps/db", Ok(())),
            ("/apps//..db/", Ok(())),
            ("", Err(VaultPathError::Empty)),
            ("//", Err(VaultPathError::Empty)),
            ("apps/../sys", Err(VaultPathError::Dots)),
            (".", Err(VaultPathError::Dots)),
            ("a\nb", Err(VaultPathError::Control)),
        ] {
            assert_eq!(check(text), expected, "{text:?}");
        }
    }
}
