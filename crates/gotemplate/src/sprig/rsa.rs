//! `rsaDecrypt`

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA512_MGF1SHA512, OaepPrivateDecryptingKey,
    PrivateDecryptingKey,
};

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::quote::quoted;
use crate::value::Value;

use super::TEXT;
use super::keys::{KeyKind, PrivateKey};

pub(super) static TABLE: &[Func] = &[Func::fixed(
    "rsaDecrypt",
    &[TEXT, TEXT, TEXT, TEXT],
    TEXT,
    rsa_decrypt,
)];

/// RSA-OAEP without a label. The scheme and the digest may be left at `None`.
fn rsa_decrypt(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    ctx.charge(10_000)?;
    let scheme = args.str(0)?;
    if !matches!(scheme.as_bytes(), b"None" | b"RSA-OAEP") {
        let scheme = quoted(&scheme.to_text());
        return Err(FuncError::revealing(
            format!("unsupported decryption scheme {scheme}"),
            "unsupported decryption scheme <redacted>",
        ));
    }
    let key = PrivateKey::from_any_pem(args.str(3)?)?;
    if key.kind() != KeyKind::Rsa {
        return Err(FuncError::new("not an RSA private key"));
    }
    let algorithm = match args.str(1)?.as_bytes() {
        b"None" | b"SHA256" => &OAEP_SHA256_MGF1SHA256,
        b"SHA1" => &OAEP_SHA1_MGF1SHA1,
        b"SHA512" => &OAEP_SHA512_MGF1SHA512,
        other => {
            let name = quoted(&String::from_utf8_lossy(other));
            return Err(FuncError::revealing(
                format!("unsupported hash {name}"),
                "unsupported hash <redacted>",
            ));
        }
    };
    let failed = || FuncError::new("crypto/rsa: decryption error");
    let key = PrivateDecryptingKey::from_pkcs8(key.pkcs8().unwrap_or_default())
        .ok()
        .and_then(|key| OaepPrivateDecryptingKey::new(key).ok())
        .ok_or_else(failed)?;
    let mut plain = vec![0; key.min_output_size()];
    let plain = key
        .decrypt(algorithm, args.str(2)?, &mut plain, None)
        .map_err(|_| failed())?;
    Ok(Value::str(&*plain))
}
