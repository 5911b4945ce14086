//! Digests and checksums in text form.

use aws_lc_rs::digest::{self, Algorithm};

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::value::Value;

use super::TEXT;
use super::encoding::hex_encode;

pub(super) static TABLE: &[Func] = &[
    Func::fixed("adler32sum", &[TEXT], TEXT, adler32sum),
    Func::fixed("sha1sum", &[TEXT], TEXT, sha1sum),
    Func::fixed("sha256sum", &[TEXT], TEXT, sha256sum),
    Func::fixed("sha512sum", &[TEXT], TEXT, sha512sum),
];

fn hexadecimal(algorithm: &'static Algorithm, args: &Args<'_>) -> Result<Value, FuncError> {
    let digest = digest::digest(algorithm, args.str(0)?);
    Ok(Value::str(hex_encode(digest.as_ref())))
}

fn sha1sum(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    hexadecimal(&digest::SHA1_FOR_LEGACY_USE_ONLY, args)
}

fn sha256sum(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    hexadecimal(&digest::SHA256, args)
}

fn sha512sum(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    hexadecimal(&digest::SHA512, args)
}

fn adler32sum(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    const MODULUS: u32 = 65521;
    let (mut a, mut b) = (1, 0);
    for byte in args.str(0)?.iter() {
        a = (a + u32::from(*byte)) % MODULUS;
        b = (b + a) % MODULUS;
    }
    Ok(Value::str((b << 16 | a).to_string()))
}
