//! AES-256 in CBC mode with a password cut or filled up with zeros to the key.

use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::value::Value;

use super::TEXT;
use super::encoding::{base64_decode, base64_encode};
use super::random;

pub(super) static TABLE: &[Func] = &[
    Func::fixed("decryptAES", &[TEXT, TEXT], TEXT, decrypt_aes),
    Func::fixed("encryptAES", &[TEXT, TEXT], TEXT, encrypt_aes),
];

const BLOCK: usize = 16;

fn key(password: &[u8]) -> Result<UnboundCipherKey, FuncError> {
    let mut key = [0; 32];
    let len = password.len().min(key.len());
    key[..len].copy_from_slice(&password[..len]);
    UnboundCipherKey::new(&AES_256, &key).map_err(|_| FuncError::new("the cipher failed"))
}

fn encrypt_aes(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (password, plain) = (args.str(0)?, args.str(1)?);
    if plain.is_empty() {
        return Ok(Value::str(""));
    }
    let failed = |_| FuncError::new("the cipher failed");
    let padding = BLOCK - plain.len() % BLOCK;
    let mut data = plain.to_vec();
    data.resize(plain.len() + padding, u8::try_from(padding).unwrap_or(0));
    let mut iv = [0; BLOCK];
    random::fill(&mut iv)?;
    EncryptingKey::cbc(key(password)?)
        .and_then(|key| {
            key.less_safe_encrypt(&mut data, EncryptionContext::Iv128(FixedLength::from(&iv)))
        })
        .map_err(failed)?;
    Ok(Value::str(base64_encode(&[&iv[..], &data].concat())))
}

/// Does not look at the padding but for its last byte, as the original.
fn decrypt_aes(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (password, text) = (args.str(0)?, args.str(1)?);
    if text.is_empty() {
        return Ok(Value::str(""));
    }
    let mut data = base64_decode(text).map_err(FuncError::new)?;
    if data.len() < BLOCK {
        // The decoder's buffer is as large as the text may become.
        let capacity = text.iter().filter(|b| !matches!(b, b'\r' | b'\n')).count() / 4 * 3;
        return Err(FuncError::new(format!(
            "runtime error: slice bounds out of range [:16] with capacity {capacity}"
        )));
    }
    let mut plain = data.split_off(BLOCK);
    if plain.is_empty() {
        return Err(FuncError::new("runtime error: index out of range [-1]"));
    }
    if plain.len() % BLOCK != 0 {
        return Err(FuncError::new("crypto/cipher: input not full blocks"));
    }
    let iv: [u8; BLOCK] = data
        .try_into()
        .map_err(|_| FuncError::new("the cipher failed"))?;
    DecryptingKey::cbc(key(password)?)
        .and_then(|key| {
            let context = DecryptionContext::Iv128(FixedLength::from(&iv));
            key.decrypt(&mut plain, context).map(|_| ())
        })
        .map_err(|_| FuncError::new("the cipher failed"))?;
    let padding = plain.last().copied().map_or(0, usize::from);
    match plain.len().checked_sub(padding) {
        Some(len) => Ok(Value::str(&plain[..len])),
        None => Err(FuncError::new(format!(
            "runtime error: slice bounds out of range [:-{}]",
            padding - plain.len()
        ))),
    }
}
