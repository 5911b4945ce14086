//! URLs as Go's `net/url` takes them apart and puts them together.

use crate::quote;

use super::strings::find;

/// The parts of a URL, unescaped but for `query` and `opaque`.
#[derive(Default)]
pub(super) struct Url {
    pub(super) scheme: Vec<u8>,
    pub(super) opaque: Vec<u8>,
    pub(super) user: Option<UserInfo>,
    pub(super) host: Vec<u8>,
    pub(super) path: Vec<u8>,
    pub(super) query: Vec<u8>,
    pub(super) fragment: Vec<u8>,
}

/// User name and, if there was a colon, password.
pub(super) struct UserInfo {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

impl UserInfo {
    /// As it stands before the `@`.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = escape(&self.name, Part::UserInfo);
        if let Some(password) = &self.password {
            out.push(b':');
            out.extend(escape(password, Part::UserInfo));
        }
        out
    }
}

/// Where in a URL some text stands, which decides what has to be escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Fragment,
    Host,
    Path,
    UserInfo,
    Zone,
}

impl Part {
    fn must_escape(self, byte: u8) -> bool {
        let plain: &[u8] = match self {
            Self::Fragment => b"!$&()*+,-./:;=?@_~",
            Self::Host | Self::Zone => b"!\"$&'()*+,-.:;<=>[]_~",
            Self::Path => b"$&+,-./:;=@_~",
            Self::UserInfo => b"$&+,-.;=_~",
        };
        !byte.is_ascii_alphanumeric() && !plain.contains(&byte)
    }
}

impl Url {
    /// `url.Parse`, with its complaint if the text is no URL.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let complain = |about: &[u8], problem: String| {
            let about = quote::quote(about, quote::Style::Unicode);
            format!("parse {}: {problem}", String::from_utf8_lossy(&about))
        };
        let (main, fragment) = cut(text, b'#');
        let mut url = Self::parse_main(main).map_err(|problem| complain(main, problem))?;
        url.fragment = unescape(fragment.unwrap_or_default(), Part::Fragment)
            .map_err(|problem| complain(text, problem))?;
        Ok(url)
    }

    fn parse_main(text: &[u8]) -> Result<Self, String> {
        if text.iter().any(u8::is_ascii_control) {
            return Err("net/url: invalid control character in URL".into());
        }
        let mut url = Self::default();
        if text == b"*" {
            url.path = text.to_vec();
            return Ok(url);
        }
        let (scheme, rest) = split_scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (mut rest, query) = cut(rest, b'?');
        url.query = query.unwrap_or_default().to_vec();
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            if cut(rest, b'/').0.contains(&b':') {
                return Err("first path segment in URL cannot contain colon".into());
            }
        }
        let has_authority =
            rest.starts_with(b"//") && (!url.scheme.is_empty() || !rest.starts_with(b"///"));
        if has_authority {
            let authority = &rest[2..];
            let end = authority.iter().position(|b| *b == b'/');
            let (authority, path) = authority.split_at(end.unwrap_or(authority.len()));
            (url.user, url.host) = parse_authority(&url.scheme, authority)?;
            rest = path;
        }
        url.path = unescape(rest, Part::Path)?;
        Ok(url)
    }

    /// The host without port and brackets.
    pub(super) fn hostname(&self) -> &[u8] {
        let host = &self.host[..];
        let colon = host.iter().rposition(|b| *b == b':');
        let host = match colon {
            Some(colon) if valid_port(&host[colon..]) => &host[..colon],
            _ => host,
        };
        host.strip_prefix(b"[")
            .and_then(|inner| inner.strip_suffix(b"]"))
            .unwrap_or(host)
    }

    /// `URL.String`
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            self.write_hierarchy(&mut out);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend(escape(&self.fragment, Part::Fragment));
        }
        out
    }

    fn write_hierarchy(&self, out: &mut Vec<u8>) {
        let named = !self.host.is_empty() || self.user.is_some();
        if named || !self.scheme.is_empty() && !self.path.is_empty() {
            out.extend_from_slice(b"//");
        }
        if let Some(user) = &self.user {
            out.extend(user.to_bytes());
            out.push(b'@');
        }
        out.extend(escape(&self.host, Part::Host));
        let path = match &self.path[..] {
            b"*" => b"*".to_vec(),
            path => escape(path, Part::Path),
        };
        if !path.is_empty() && !path.starts_with(b"/") && !self.host.is_empty() {
            out.push(b'/');
        }
        if out.is_empty() && cut(&path, b'/').0.contains(&b':') {
            // Else the segment would pass for a scheme.
            out.extend_from_slice(b"./");
        }
        out.extend(path);
    }
}

/// The text before the first `at`, and what follows it.
fn cut(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|b| *b == at) {
        Some(found) => (&text[..found], Some(&text[found + 1..])),
        None => (text, None),
    }
}

fn split_scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let end = text
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')));
    match end {
        Some(0) if text[0] == b':' => Err("missing protocol scheme".into()),
        Some(end) if text[end] == b':' && text[0].is_ascii_alphabetic() => {
            Ok((&text[..end], &text[end + 1..]))
        }
        _ => Ok((b"", text)),
    }
}

fn parse_authority(scheme: &[u8], authority: &[u8]) -> Result<(Option<UserInfo>, Vec<u8>), String> {
    let Some(at) = authority.iter().rposition(|b| *b == b'@') else {
        return Ok((None, parse_host(scheme, authority)?));
    };
    let (info, host) = (&authority[..at], &authority[at + 1..]);
    let host = parse_host(scheme, host)?;
    let valid = |b: &u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(b);
    if !info.iter().all(valid) {
        return Err("net/url: invalid userinfo".into());
    }
    let (name, password) = cut(info, b':');
    let user = UserInfo {
        name: unescape(name, Part::UserInfo)?,
        password: match password {
            Some(password) => Some(unescape(password, Part::UserInfo)?),
            None => None,
        },
    };
    Ok((Some(user), host))
}

fn parse_host(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, String> {
    let invalid_port = |port: &[u8]| {
        let quoted = quote::quote(port, quote::Style::Unicode);
        format!(
            "invalid port {} after host",
            String::from_utf8_lossy(&quoted)
        )
    };
    match host.iter().rposition(|b| *b == b'[') {
        None => {}
        Some(0) => {
            let end = host
                .iter()
                .rposition(|b| *b == b']')
                .ok_or("missing ']' in host")?;
            let port = &host[end + 1..];
            if !valid_port(port) {
                return Err(invalid_port(port));
            }
            let address = parse_literal(&host[1..end])?;
            return Ok([b"[", &address[..], b"]", port].concat());
        }
        Some(_) => return Err("invalid IP-literal".into()),
    }
    let last = host.iter().rposition(|b| *b == b':');
    let colon = match scheme {
        b"http" | b"https" => host.iter().position(|b| *b == b':'),
        _ => last,
    };
    if let Some(colon) = colon
        && !valid_port(&host[colon..])
    {
        return Err(invalid_port(&host[colon..]));
    }
    unescape(host, Part::Host)
}

/// What stands in brackets: an IPv6 address, perhaps with a zone.
fn parse_literal(literal: &[u8]) -> Result<Vec<u8>, String> {
    let address = match find(literal, b"%25") {
        Some(zone) => {
            let mut address = unescape(&literal[..zone], Part::Host)?;
            address.extend(unescape(&literal[zone..], Part::Zone)?);
            address
        }
        None => unescape(literal, Part::Host)?,
    };
    let (number, _) = cut(&address, b'%');
    let text = String::from_utf8_lossy(number);
    if text.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err("invalid IP-literal".into());
    }
    match text.parse::<std::net::Ipv6Addr>() {
        Ok(_) => Ok(address),
        Err(_) => Err(format!(
            "invalid host: ParseAddr({}): unable to parse IP",
            quote::quoted(&String::from_utf8_lossy(&address))
        )),
    }
}

/// Nothing, or a colon and digits.
fn valid_port(port: &[u8]) -> bool {
    match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn escape(text: &[u8], part: Part) -> Vec<u8> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if part.must_escape(byte) {
            out.extend([
                b'%',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]);
        } else {
            out.push(byte);
        }
    }
    out
}

fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, String> {
    let bad = |text: &[u8]| {
        let quoted = quote::quote(text, quote::Style::Unicode);
        format!("invalid URL escape {}", String::from_utf8_lossy(&quoted))
    };
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        if *byte != b'%' {
            let in_host = matches!(part, Part::Host | Part::Zone) && byte.is_ascii();
            if in_host && part.must_escape(*byte) {
                let quoted = quote::quote(&[*byte], quote::Style::Unicode);
                let quoted = String::from_utf8_lossy(&quoted);
                return Err(format!("invalid character {quoted} in host name"));
            }
            out.push(*byte);
            rest = after;
            continue;
        }
        let digits = after.get(..2).and_then(|pair| {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            u8::try_from(high << 4 | low).ok()
        });
        let Some(value) = digits else {
            return Err(bad(&rest[..rest.len().min(3)]));
        };
        let refused = match part {
            Part::Host => value.is_ascii() && value != b'%',
            Part::Zone => value != b'%' && value != b' ' && Part::Host.must_escape(value),
            Part::Fragment | Part::Path | Part::UserInfo => false,
        };
        if refused {
            return Err(bad(&rest[..3]));
        }
        out.push(value);
        rest = &rest[3..];
    }
    Ok(out)
}
