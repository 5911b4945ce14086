//! `urlParse` and `urlJoin`.

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::map::Map;
use crate::types::{ANY_MAP, Kind};
use crate::value::Value;

use super::TEXT;
use super::url_syntax::{Url, UserInfo};

pub(super) static TABLE: &[Func] = &[
    Func::fixed("urlJoin", &[ANY_MAP], TEXT, url_join),
    Func::fixed("urlParse", &[TEXT], ANY_MAP, url_parse),
];

fn url_parse(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let url = Url::parse(args.str(0)?).map_err(|complaint| {
        FuncError::revealing(
            format!("unable to parse url: {complaint}"),
            "unable to parse url",
        )
    })?;
    let parts = [
        ("fragment", url.fragment.clone()),
        ("host", url.host.clone()),
        ("hostname", url.hostname().to_vec()),
        ("opaque", url.opaque.clone()),
        ("path", url.path.clone()),
        ("query", url.query.clone()),
        ("scheme", url.scheme.clone()),
        (
            "userinfo",
            url.user
                .as_ref()
                .map(UserInfo::to_bytes)
                .unwrap_or_default(),
        ),
    ];
    let parts = parts
        .into_iter()
        .map(|(name, part)| (name.into(), Value::str(part)));
    Ok(parts.collect::<Map>().into())
}

fn url_join(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let dict = args.map(0)?;
    let part = |key: &str| match dict.get(key.as_bytes()) {
        None => Ok(Vec::new()),
        Some(Value::Nil) => Err(FuncError::new(
            "runtime error: invalid memory address or nil pointer dereference",
        )),
        Some(value) => match value.as_str() {
            Some(text) => Ok(text.to_vec()),
            None => Err(wrong_kind(key, value.kind())),
        },
    };
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        user: None,
    };
    let userinfo = part("userinfo")?;
    if !userinfo.is_empty() {
        let carrier = [b"proto://", &userinfo[..], b"@host"].concat();
        url.user = Url::parse(&carrier)
            .map_err(|complaint| {
                FuncError::revealing(
                    format!("unable to parse userinfo in dict: {complaint}"),
                    "unable to parse userinfo in dict",
                )
            })?
            .user;
    }
    Ok(Value::str(url.to_bytes()))
}

fn wrong_kind(key: &str, kind: Kind) -> FuncError {
    FuncError::new(format!(
        "unable to parse {key} key, must be of type string, but {kind} found"
    ))
}
