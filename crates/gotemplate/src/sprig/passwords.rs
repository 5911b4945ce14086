//! Password hashes, and passwords made from others.

use aws_lc_rs::hmac;
use scrypt::Params;

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::types::Type;
use crate::value::Value;

use super::TEXT;
use super::random;

pub(super) static TABLE: &[Func] = &[
    Func::fixed("bcrypt", &[TEXT], TEXT, bcrypt),
    Func::fixed(
        "derivePassword",
        &[Type::Uint, TEXT, TEXT, TEXT, TEXT],
        TEXT,
        derive_password,
    ),
    Func::fixed("htpasswd", &[TEXT, TEXT], TEXT, htpasswd),
];

/// The cost Go's library takes by default.
const BCRYPT_COST: u32 = 10;

/// What hashing a password counts for: it takes some fifty milliseconds by design.
const HASHING_STEPS: usize = 100_000;

fn bcrypt(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(bcrypt_hash(ctx, args.str(0)?)?))
}

/// The hash, or what sprig has in its place for a password that is too long.
fn bcrypt_hash(ctx: &mut Ctx, password: &[u8]) -> Result<String, FuncError> {
    if password.len() > 72 {
        return Ok("failed to encrypt string with bcrypt: \
                   bcrypt: password length exceeds 72 bytes"
            .to_owned());
    }
    ctx.charge(HASHING_STEPS)?;
    let mut salt = [0; 16];
    random::fill(&mut salt)?;
    let parts = bcrypt::hash_with_salt(password, BCRYPT_COST, salt)
        .map_err(|_| FuncError::new("failed to encrypt string with bcrypt"))?;
    Ok(parts.format_for_version(bcrypt::Version::TwoA))
}

fn htpasswd(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (user, password) = (args.str(0)?, args.str(1)?);
    if user.contains(&b':') {
        return Ok(Value::str([b"invalid username: ", &user[..]].concat()));
    }
    let hash = bcrypt_hash(ctx, password)?;
    Ok(Value::str([user, &b":"[..], hash.as_bytes()].concat()))
}

const SEED: &[u8] = b"com.lyndir.masterpassword";

/// The shapes of passwords by kind; each letter stands for a set of characters.
const SHAPES: &[(&str, &[&str])] = &[
    ("maximum", &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"]),
    (
        "long",
        &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
    ),
    ("medium", &["CvcnoCvc", "CvcCvcno"]),
    ("short", &["Cvcn"]),
    ("basic", &["aaanaaan", "aannaaan", "aaannaaa"]),
    ("pin", &["nnnn"]),
];

fn alphabet(letter: u8) -> &'static [u8] {
    match letter {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The Master Password algorithm.
fn derive_password(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let counter = args.value(0)?.as_unsigned().unwrap_or_default();
    let counter = u32::try_from(counter & u64::from(u32::MAX)).unwrap_or_default();
    let kind = args.str(1)?;
    let Some((_, shapes)) = SHAPES
        .iter()
        .find(|(name, _)| kind.as_bytes() == name.as_bytes())
    else {
        let text = [b"cannot find password template ", &kind[..]].concat();
        return Ok(Value::str(text));
    };
    ctx.charge(HASHING_STEPS)?;
    let (password, user, site) = (args.str(2)?, args.str(3)?, args.str(4)?);
    let salt = [SEED, &length(user), user].concat();
    let mut key = [0; 64];
    let failed = |_| FuncError::new("failed to derive password");
    let params = Params::new(15, 8, 2).map_err(failed)?;
    scrypt::scrypt(password, &salt, &params, &mut key)
        .map_err(|_| FuncError::new("failed to derive password"))?;
    let message = [SEED, &length(site), site, &counter.to_be_bytes()].concat();
    let seed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &message);
    let seed = seed.as_ref();
    let shape = shapes[usize::from(seed[0]) % shapes.len()];
    let derived: Vec<u8> = shape
        .bytes()
        .zip(&seed[1..])
        .map(|(letter, n)| {
            let alphabet = alphabet(letter);
            alphabet[usize::from(*n) % alphabet.len()]
        })
        .collect();
    Ok(Value::str(derived))
}

fn length(text: &[u8]) -> [u8; 4] {
    u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes()
}
