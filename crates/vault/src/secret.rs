//! Secret JSON text that does not show itself.

use std::{fmt, ops::Range};

use zeroize::Zeroizing;

/// The raw JSON text of a response's `data`, byte for byte as the server sent it, so that numbers
/// keep their text. Wiped when dropped.
pub struct SecretJson {
    body: Zeroizing<String>,
    data: Range<usize>,
}

impl SecretJson {
    /// `data` is where the JSON value lies in `body`; the rest of the body is kept as it is, which
    /// is cheaper than another copy of the secret.
    pub(crate) fn new(body: Zeroizing<String>, data: Range<usize>) -> Self {
        Self { body, data }
    }

    /// The JSON text.
    pub fn expose(&self) -> &str {
        &self.body[self.data.clone()]
    }
}

impl fmt::Debug for SecretJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretJson([{} bytes])", self.data.len())
    }
}
