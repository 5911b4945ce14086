//! The keyed digest that tells whether data changed. Key layout and input are
//! VSO's, so that a Secret that it wrote is recognised as unchanged.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::{SecretData, json};

/// Bytes of the key.
pub const KEY_BYTES: usize = 16;

/// The key of the digests of one installation.
#[derive(Clone)]
pub struct MacKey(hmac::Key);

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey(…)")
    }
}

/// A key of the wrong length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the HMAC key has {0} bytes instead of {KEY_BYTES}")]
pub struct KeyLengthError(usize);

impl MacKey {
    /// A key of [`KEY_BYTES`] bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, KeyLengthError> {
        if bytes.len() == KEY_BYTES {
            Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
        } else {
            Err(KeyLengthError(bytes.len()))
        }
    }

    /// Digest of the data, in standard base64 as `status.secretMAC` holds it.
    pub fn digest(&self, data: &SecretData) -> String {
        self.digest_of(data.expose())
    }

    /// As [`Self::digest`], of keys and values sorted by key.
    pub fn digest_of<'a>(&self, data: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
        let mut text = Zeroizing::new(String::from("{"));
        for (index, (key, value)) in data.enumerate() {
            if index > 0 {
                text.push(',');
            }
            json::write_string(&mut text, key);
            text.push_str(":\"");
            STANDARD.encode_string(value, &mut text);
            text.push('"');
        }
        text.push('}');
        STANDARD.encode(hmac::sign(&self.0, text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a real VSO 1.4 left it: key and digest of the Secret `templated`.
    #[test]
    fn agrees_with_the_digest_that_vso_stored() {
        let key = MacKey::new(&STANDARD.decode("YiVWBLb6Zwa+9DmSV2SogA==").unwrap()).unwrap();
        let mut data = SecretData::default();
        data.insert("username", "alice");
        data.insert("password", "correct horse <battery> & staple");
        data.insert(
            "url",
            "postgres://alice:correct+horse+%3Cbattery%3E+%26+staple@db/app",
        );
        assert_eq!(
            key.digest(&data),
            "zBWEZGYjiaaqQ0abIn2FY4BNKzcZ2hYZQLR7zHwrn/Q="
        );
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        assert_eq!(MacKey::new(b"short").unwrap_err(), KeyLengthError(5));
    }
}
