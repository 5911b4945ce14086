//! The sprig functions that VSO and External Secrets let templates call.
//!
//! One implementation, two lists of names: [`vso`] is what the Vault Secrets Operator allows of
//! sprig, [`eso`] is the set of External Secrets' engine v2 with its own functions. Behaviour is
//! that of Masterminds/sprig 3.3 under Go 1.26, messages included.
//!
//! Nothing here reads the environment, files or the network. The clock and the random number
//! generator are read by the functions whose purpose that is.
//!
//! One thing differs on purpose: functions that walk a dictionary do so in the order of its keys
//! instead of a random one.

#![expect(
    clippy::unnecessary_wraps,
    reason = "functions share the signature of the registry"
)]

mod aes;
mod cases;
mod cast;
mod certificates;
mod dates;
mod decimal;
mod defaults;
mod der;
mod dicts;
mod encoding;
mod generate;
mod hashes;
mod json;
mod jwk;
mod keys;
mod letters;
mod lists;
mod math;
mod merge;
mod names;
mod passwords;
mod paths;
mod pem;
mod pkcs12;
mod random;
mod reflection;
mod regex;
mod regex_class;
mod regex_escape;
mod regex_syntax;
mod rsa;
mod semver;
mod semver_constraint;
mod semver_methods;
mod strings;
mod strval;
mod time;
mod time_layout;
mod time_location;
mod time_methods;
mod time_object;
mod time_parse;
mod url;
mod url_syntax;
mod words;
mod yaml;
mod yaml_decode;
mod yaml_emit;
mod yaml_nodes;
mod yaml_resolve;

use crate::funcs::{Func, FuncMap};
use crate::types::Type;

const ANY: Type = Type::Any;
const BOOL: Type = Type::Bool;
const FLOAT64: Type = Type::Float64;
const INT: Type = Type::Int;
const INT64: Type = Type::Int64;
const TEXT: Type = Type::String;

/// How deep values may be nested for the functions that recurse into them.
const MAX_NESTING: usize = 300;

static TABLES: &[&[Func]] = &[
    aes::TABLE,
    cases::TABLE,
    certificates::TABLE,
    dates::TABLE,
    decimal::TABLE,
    defaults::TABLE,
    dicts::TABLE,
    encoding::TABLE,
    generate::TABLE,
    hashes::TABLE,
    json::TABLE,
    jwk::TABLE,
    keys::TABLE,
    lists::TABLE,
    math::TABLE,
    passwords::TABLE,
    paths::TABLE,
    pkcs12::TABLE,
    random::TABLE,
    reflection::TABLE,
    regex::TABLE,
    rsa::TABLE,
    semver::TABLE,
    strings::TABLE,
    url::TABLE,
    yaml::TABLE,
];

/// The functions VSO's templates may call. `slice` is sprig's, on lists, and hides the builtin.
pub fn vso() -> FuncMap {
    named(names::VSO)
}

/// The functions External Secrets' templates may call.
pub fn eso() -> FuncMap {
    named(names::ESO)
}

/// A regular expression as Go reads it, in the syntax of the `regex` crate, for use on bytes; else what Go says of it.
pub fn regex_pattern(expression: &str) -> Result<String, String> {
    match regex_syntax::translate(expression) {
        Ok(translation) => Ok(translation.pattern),
        Err(error) => Err(format!("{}: `{}`", error.code, error.expr)),
    }
}

fn named(names: &[&str]) -> FuncMap {
    let mut funcs = FuncMap::new();
    for table in TABLES {
        for func in *table {
            if names.contains(&func.name()) {
                funcs.insert(func.clone());
            }
        }
    }
    funcs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_function() {
        for (names, funcs) in [(names::VSO, vso()), (names::ESO, eso())] {
            let missing: Vec<_> = names.iter().filter(|name| !funcs.contains(name)).collect();
            assert!(missing.is_empty(), "{missing:?}");
        }
    }

    #[test]
    fn every_function_has_one_name_in_one_table() {
        let mut seen = std::collections::HashSet::new();
        for func in TABLES.iter().flat_map(|table| table.iter()) {
            assert!(seen.insert(func.name()), "{} is defined twice", func.name());
            let listed = names::VSO.contains(&func.name()) || names::ESO.contains(&func.name());
            assert!(listed, "{} is in no list", func.name());
        }
    }
}
