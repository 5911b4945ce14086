//! Randomness, from the operating system's generator throughout.

use aws_lc_rs::rand;

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::runes;
use crate::value::Value;

use super::encoding::{base64_encode, hex_encode};
use super::letters::chars;
use super::{INT, TEXT};

pub(super) static TABLE: &[Func] = &[
    Func::fixed("randAlpha", &[INT], TEXT, rand_alpha),
    Func::fixed("randAlphaNum", &[INT], TEXT, rand_alpha_num),
    Func::fixed("randAscii", &[INT], TEXT, rand_ascii),
    Func::fixed("randBytes", &[INT], TEXT, rand_bytes),
    Func::fixed("randInt", &[INT, INT], INT, rand_int),
    Func::fixed("randNumeric", &[INT], TEXT, rand_numeric),
    Func::fixed("shuffle", &[TEXT], TEXT, shuffle),
    Func::fixed("uuidv4", &[], TEXT, uuidv4),
];

/// Random bytes.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), FuncError> {
    rand::fill(bytes).map_err(|_| FuncError::new("the random number generator failed"))
}

/// A number below `bound`, all equally likely; `bound` is not zero.
fn below(bound: u64) -> Result<u64, FuncError> {
    // Numbers past the last multiple of the bound would favour the small ones.
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let mut bytes = [0; 8];
        fill(&mut bytes)?;
        let n = u64::from_le_bytes(bytes);
        if n < limit {
            return Ok(n % bound);
        }
    }
}

/// An index below `len`, which is not zero.
fn index_below(len: usize) -> Result<usize, FuncError> {
    let n = below(u64::try_from(len).unwrap_or(u64::MAX))?;
    Ok(usize::try_from(n).unwrap_or(0))
}

/// `count` characters of the alphabet; a negative count gives none.
fn text_of(ctx: &mut Ctx, alphabet: &[u8], count: i64) -> Result<Value, FuncError> {
    let count = usize::try_from(count).unwrap_or(0);
    ctx.reserve(count)?;
    ctx.charge(count)?;
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        out.push(alphabet[index_below(alphabet.len())?]);
    }
    Ok(Value::str(out))
}

/// The ASCII characters that `keep` says yes to.
fn ascii(keep: fn(&u8) -> bool) -> Vec<u8> {
    (b' '..=b'~').filter(keep).collect()
}

fn rand_alpha(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    text_of(ctx, &ascii(u8::is_ascii_alphabetic), args.int(0)?)
}

fn rand_alpha_num(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    text_of(ctx, &ascii(u8::is_ascii_alphanumeric), args.int(0)?)
}

fn rand_ascii(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    text_of(ctx, &ascii(|_| true), args.int(0)?)
}

fn rand_numeric(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    text_of(ctx, &ascii(u8::is_ascii_digit), args.int(0)?)
}

fn rand_bytes(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let count = usize::try_from(args.int(0)?)
        .map_err(|_| FuncError::new("runtime error: makeslice: len out of range"))?;
    ctx.reserve(count.saturating_mul(3))?;
    let mut bytes = vec![0; count];
    fill(&mut bytes)?;
    Ok(Value::str(base64_encode(&bytes)))
}

fn rand_int(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (min, max) = (args.int(0)?, args.int(1)?);
    let span = u64::try_from(max.wrapping_sub(min))
        .ok()
        .filter(|span| *span > 0)
        .ok_or_else(|| FuncError::new("invalid argument to Intn"))?;
    Ok(Value::Int(min.wrapping_add_unsigned(below(span)?)))
}

fn shuffle(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let text = args.str(0)?;
    ctx.charge(text.len())?;
    let mut letters: Vec<char> = chars(text).collect();
    for i in (1..letters.len()).rev() {
        letters.swap(i, index_below(i + 1)?);
    }
    let mut out = Vec::with_capacity(text.len());
    for c in letters {
        runes::push(&mut out, c);
    }
    Ok(Value::str(out))
}

fn uuidv4(_: &mut Ctx, _: &Args<'_>) -> Result<Value, FuncError> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex_encode(&bytes);
    let groups = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    Ok(Value::str(groups.join("-")))
}
