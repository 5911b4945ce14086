//! Go's `fmt` package: `Sprint`, `Sprintln`, `Sprintf`.

mod number;
mod object;
mod printer;
mod printf;

use crate::limits::{Ctx, LimitError};
use crate::value::Value;

use printer::Printer;

/// `fmt.Sprint`: `%v` of each, spaces between neighbours that are not strings.
pub fn sprint(ctx: &mut Ctx, args: &[Value]) -> Result<Vec<u8>, LimitError> {
    let mut printer = Printer::new(ctx.memory_left());
    printer.print(args);
    finish(ctx, printer)
}

/// `fmt.Sprintln`: `%v` of each, spaces between all, a newline at the end.
pub fn sprintln(ctx: &mut Ctx, args: &[Value]) -> Result<Vec<u8>, LimitError> {
    let mut printer = Printer::new(ctx.memory_left());
    printer.println(args);
    finish(ctx, printer)
}

/// `fmt.Sprintf`
pub fn sprintf(ctx: &mut Ctx, format: &[u8], args: &[Value]) -> Result<Vec<u8>, LimitError> {
    let mut printer = Printer::new(ctx.memory_left());
    printer.printf(format, args);
    finish(ctx, printer)
}

/// The time a printout takes is in proportion to its length.
fn finish(ctx: &mut Ctx, printer: Printer) -> Result<Vec<u8>, LimitError> {
    match printer.into_bytes() {
        Ok(bytes) => {
            ctx.charge(bytes.len() / 64)?;
            Ok(bytes)
        }
        Err(LimitError::Memory(_)) => Err(LimitError::Memory(ctx.limits().memory_bytes)),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests;
