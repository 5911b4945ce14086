//! Arithmetic in decimal, after the Go library `decimal`: floats in, floats out, no binary rounding
//! in between.

use num_bigint::{BigInt, Sign};

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::value::Value;

use super::cast::to_float64;
use super::{ANY, FLOAT64};

pub(super) static TABLE: &[Func] = &[
    Func::fixed("add1f", &[ANY], FLOAT64, add1f),
    Func::variadic("addf", &[ANY], FLOAT64, addf),
    Func::variadic("divf", &[ANY, ANY], FLOAT64, divf),
    Func::variadic("mulf", &[ANY, ANY], FLOAT64, mulf),
    Func::variadic("subf", &[ANY, ANY], FLOAT64, subf),
];

/// Digits after the point that a division leaves.
const DIVISION_PRECISION: i64 = 16;

/// `coefficient * 10^exponent`
#[derive(Clone)]
struct Decimal {
    coefficient: BigInt,
    exponent: i64,
}

impl Decimal {
    /// The shortest digits that read back as the float.
    fn of(x: f64) -> Result<Self, FuncError> {
        if !x.is_finite() {
            let text = crate::float::format(x, b'g', None);
            return Err(FuncError::new(format!(
                "Cannot create a Decimal from {text}"
            )));
        }
        let text = format!("{x:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let coefficient = format!("{whole}{fraction}").parse().unwrap_or_default();
        let exponent: i64 = exponent.parse().unwrap_or_default();
        let places = i64::try_from(fraction.len()).unwrap_or_default();
        Ok(Self {
            coefficient,
            exponent: exponent - places,
        })
    }

    /// The nearest float.
    fn to_float(&self) -> f64 {
        let text = format!("{}e{}", self.coefficient, self.exponent);
        text.parse().unwrap_or(f64::NAN)
    }

    /// The coefficient for a smaller exponent.
    fn coefficient_at(&self, exponent: i64) -> BigInt {
        &self.coefficient * power_of_ten(self.exponent - exponent)
    }

    fn add(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        Self {
            coefficient: self.coefficient_at(exponent) + other.coefficient_at(exponent),
            exponent,
        }
    }

    fn sub(&self, other: &Self) -> Self {
        self.add(&Self {
            coefficient: -other.coefficient.clone(),
            exponent: other.exponent,
        })
    }

    fn mul(&self, other: &Self) -> Self {
        Self {
            coefficient: &self.coefficient * &other.coefficient,
            exponent: self.exponent + other.exponent,
        }
    }

    /// Rounded half away from zero.
    fn div(&self, other: &Self) -> Result<Self, FuncError> {
        if other.coefficient.sign() == Sign::NoSign {
            return Err(FuncError::new("decimal division by 0"));
        }
        let shift = self.exponent - other.exponent + DIVISION_PRECISION;
        let dividend = &self.coefficient * power_of_ten(shift);
        let divisor = &other.coefficient * power_of_ten(-shift);
        let quotient = &dividend / &divisor;
        let remainder = &dividend % &divisor;
        let rounds_up = remainder.magnitude() * 2_u32 >= *divisor.magnitude();
        let away = match (rounds_up, dividend.sign() == divisor.sign()) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => -1,
        };
        Ok(Self {
            coefficient: quotient + away,
            exponent: -DIVISION_PRECISION,
        })
    }
}

/// One for negative powers.
fn power_of_ten(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}

/// Applies an operation to the first number and each of the others in turn.
fn fold(
    ctx: &mut Ctx,
    first: f64,
    rest: &[Value],
    operation: impl Fn(&Decimal, &Decimal) -> Result<Decimal, FuncError>,
) -> Result<Value, FuncError> {
    let mut result = Decimal::of(first)?;
    for value in rest {
        result = operation(&result, &Decimal::of(to_float64(value))?)?;
        // Products grow with every factor.
        let words = usize::try_from(result.coefficient.bits() / 64).unwrap_or(usize::MAX);
        ctx.charge(1 + words)?;
        ctx.reserve(words)?;
    }
    Ok(Value::Float64(result.to_float()))
}

fn add1f(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let first = to_float64(args.value(0)?);
    fold(ctx, first, &[Value::Int(1)], |a, b| Ok(a.add(b)))
}

fn addf(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    fold(ctx, 0.0, args.all(), |a, b| Ok(a.add(b)))
}

fn subf(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let first = to_float64(args.value(0)?);
    fold(ctx, first, args.rest(1), |a, b| Ok(a.sub(b)))
}

fn mulf(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let first = to_float64(args.value(0)?);
    fold(ctx, first, args.rest(1), |a, b| Ok(a.mul(b)))
}

fn divf(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let first = to_float64(args.value(0)?);
    fold(ctx, first, args.rest(1), Decimal::div)
}
