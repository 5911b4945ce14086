//! Arithmetic on `int64` and `float64`, and ranges of integers.

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::list::List;
use crate::strconv::{NumberError, parse_int};
use crate::types::Type;
use crate::value::Value;

use super::cast::{to_float64, to_int64};
use super::strval::printed;
use super::{ANY, FLOAT64, INT, INT64, TEXT};

const INTS: Type = Type::List(&INT);

pub(super) static TABLE: &[Func] = &[
    Func::variadic("add", &[ANY], INT64, add),
    Func::fixed("add1", &[ANY], INT64, add1),
    Func::fixed("atoi", &[TEXT], INT, atoi),
    Func::variadic("biggest", &[ANY, ANY], INT64, max),
    Func::fixed("ceil", &[ANY], FLOAT64, ceil),
    Func::fixed("div", &[ANY, ANY], INT64, div),
    Func::fixed("float64", &[ANY], FLOAT64, float64),
    Func::fixed("floor", &[ANY], FLOAT64, floor),
    Func::fixed("int", &[ANY], INT, int),
    Func::fixed("int64", &[ANY], INT64, int64),
    Func::variadic("max", &[ANY, ANY], INT64, max),
    Func::variadic("maxf", &[ANY, ANY], FLOAT64, maxf),
    Func::variadic("min", &[ANY, ANY], INT64, min),
    Func::variadic("minf", &[ANY, ANY], FLOAT64, minf),
    Func::fixed("mod", &[ANY, ANY], INT64, modulo),
    Func::variadic("mul", &[ANY, ANY], INT64, mul),
    Func::variadic("round", &[ANY, INT, FLOAT64], FLOAT64, round),
    Func::variadic("seq", &[INT], TEXT, seq),
    Func::fixed("sub", &[ANY, ANY], INT64, sub),
    Func::fixed("toDecimal", &[ANY], INT64, to_decimal),
    Func::fixed("until", &[INT], INTS, until),
    Func::fixed("untilStep", &[INT, INT, INT], INTS, until_step),
];

fn int(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Int(to_int64(args.value(0)?)))
}

fn int64(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Int64(to_int64(args.value(0)?)))
}

fn float64(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Float64(to_float64(args.value(0)?)))
}

/// What is out of range becomes the nearest number, what is no number zero.
fn atoi(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Int(match parse_int(args.str(0)?, 10) {
        Ok(n) | Err(NumberError::Range(n)) => n,
        Err(NumberError::Syntax) => 0,
    }))
}

/// Reads the number as octal, as file modes are written.
fn to_decimal(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let text = printed(ctx, args.value(0)?)?;
    Ok(Value::Int64(parse_int(&text, 8).unwrap_or(0)))
}

fn add(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let sum = args.all().iter().map(to_int64).fold(0, i64::wrapping_add);
    Ok(Value::Int64(sum))
}

fn add1(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Int64(to_int64(args.value(0)?).wrapping_add(1)))
}

fn sub(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (a, b) = (to_int64(args.value(0)?), to_int64(args.value(1)?));
    Ok(Value::Int64(a.wrapping_sub(b)))
}

fn mul(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let product = args.all().iter().map(to_int64).fold(1, i64::wrapping_mul);
    Ok(Value::Int64(product))
}

fn div(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (a, b) = (to_int64(args.value(0)?), to_int64(args.value(1)?));
    if b == 0 {
        return Err(FuncError::new("runtime error: integer divide by zero"));
    }
    Ok(Value::Int64(a.wrapping_div(b)))
}

fn modulo(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (a, b) = (to_int64(args.value(0)?), to_int64(args.value(1)?));
    if b == 0 {
        return Err(FuncError::new("runtime error: integer divide by zero"));
    }
    Ok(Value::Int64(a.wrapping_rem(b)))
}

fn max(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let first = to_int64(args.value(0)?);
    let most = args.rest(1).iter().map(to_int64).fold(first, i64::max);
    Ok(Value::Int64(most))
}

fn min(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let first = to_int64(args.value(0)?);
    let least = args.rest(1).iter().map(to_int64).fold(first, i64::min);
    Ok(Value::Int64(least))
}

fn maxf(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let first = to_float64(args.value(0)?);
    let numbers = args.rest(1).iter().map(to_float64);
    Ok(Value::Float64(numbers.fold(first, larger)))
}

fn minf(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let first = to_float64(args.value(0)?);
    let numbers = args.rest(1).iter().map(to_float64);
    Ok(Value::Float64(numbers.fold(first, |a, b| -larger(-a, -b))))
}

/// `math.Max`: infinity beats not-a-number, which beats the rest; zero beats minus zero.
fn larger(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == 0.0 && b == 0.0 {
        if a.is_sign_negative() { b } else { a }
    } else if a > b {
        a
    } else {
        b
    }
}

fn floor(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Float64(to_float64(args.value(0)?).floor()))
}

fn ceil(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::Float64(to_float64(args.value(0)?).ceil()))
}

/// Rounds up from `.5`, or from the fraction given.
fn round(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let round_on = match args.rest(2).first() {
        Some(value) => to_float64(value),
        None => 0.5,
    };
    let pow = power_of_ten(args.int(1)?);
    let digit = pow * to_float64(args.value(0)?);
    let rounded = if digit.fract() >= round_on {
        digit.ceil()
    } else {
        digit.floor()
    };
    Ok(Value::Float64(rounded / pow))
}

/// `math.Pow(10, places)`: powers of the mantissa of ten, scaled by the exponent at the end.
fn power_of_ten(places: i64) -> f64 {
    if places.unsigned_abs() > 400 {
        return if places > 0 { f64::INFINITY } else { 0.0 };
    }
    let (mut mantissa, mut exponent) = (0.625_f64, 4);
    let (mut product, mut scale) = (1.0_f64, 0);
    let mut left = places.unsigned_abs();
    while left > 0 {
        if left & 1 == 1 {
            product *= mantissa;
            scale += exponent;
        }
        mantissa *= mantissa;
        exponent *= 2;
        if mantissa < 0.5 {
            mantissa += mantissa;
            exponent -= 1;
        }
        left >>= 1;
    }
    if places < 0 {
        product = 1.0 / product;
        scale = -scale;
    }
    // In two steps, as the scale alone may be out of range while the result is not.
    product * 2_f64.powi(scale / 2) * 2_f64.powi(scale - scale / 2)
}

fn until(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let count = args.int(0)?;
    let step = if count < 0 { -1 } else { 1 };
    Ok(List::ints(steps(ctx, 0, count, step)?).into())
}

fn until_step(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (start, end, step) = (args.int(0)?, args.int(1)?, args.int(2)?);
    Ok(List::ints(steps(ctx, start, end, step)?).into())
}

/// From `start` to before `end`; nothing if the step leads away from it.
fn steps(ctx: &mut Ctx, start: i64, end: i64, step: i64) -> Result<Vec<i64>, FuncError> {
    let away = if end < start { step >= 0 } else { step <= 0 };
    if away {
        return Ok(Vec::new());
    }
    let count = start.abs_diff(end).div_ceil(step.unsigned_abs());
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    ctx.charge(count)?;
    ctx.reserve(count.saturating_mul(size_of::<Value>()))?;
    let mut numbers = Vec::with_capacity(count);
    let mut next = start;
    for _ in 0..count {
        numbers.push(next);
        next = next.wrapping_add(step);
    }
    Ok(numbers)
}

/// Like the shell's: last included, first and step optional.
fn seq(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (start, step, end) = match args.len() {
        1 => (1, None, args.int(0)?),
        2 => (args.int(0)?, None, args.int(1)?),
        3 => (args.int(0)?, Some(args.int(1)?), args.int(2)?),
        _ => return Ok(Value::str("")),
    };
    let towards = if end < start { -1 } else { 1 };
    let step = step.unwrap_or(towards);
    let numbers = steps(ctx, start, end.wrapping_add(towards), step)?;
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    ctx.reserve(texts.len().saturating_mul(24))?;
    Ok(Value::str(texts.join(" ")))
}
