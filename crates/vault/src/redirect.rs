//! Which redirects are followed.
//!
//! A Vault standby answers 307 with the address of the active node, which is another host; the
//! token must go there or the request fails. So a redirect may change host and port, as with
//! Vault's own clients, but never the scheme: a token that left over TLS does not go on in clear
//! text. Nothing is followed that would turn a write into a read.

use http::{Method, StatusCode};
use reqwest::Url;

/// How many redirects one request may take.
pub(crate) const MAX_HOPS: usize = 3;

/// The next address, `None` when the answer is no redirect.
pub(crate) fn next_hop(
    from: &Url,
    method: &Method,
    status: StatusCode,
    location: Option<&str>,
) -> Result<Option<Url>, String> {
    match status.as_u16() {
        307 | 308 => {}
        301 | 302 if method == Method::GET => {}
        300..=399 => return Err(format!("status {status} to a {method} request")),
        _ => return Ok(None),
    }
    let location = location.ok_or("no Location header")?;
    let to = from
        .join(location)
        .map_err(|error| format!("bad Location header: {error}"))?;
    if to.scheme() != from.scheme() {
        return Err(format!(
            "it leads from {} to {}; set the address to where it leads",
            from.scheme(),
            to.scheme()
        ));
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err("the Location header holds credentials".to_owned());
    }
    Ok(Some(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(
        from: &str,
        method: &Method,
        status: u16,
        to: Option<&str>,
    ) -> Result<Option<String>, String> {
        next_hop(
            &from.parse().unwrap(),
            method,
            StatusCode::from_u16(status).unwrap(),
            to,
        )
        .map(|url| url.map(String::from))
    }

    #[test]
    fn follows_to_another_host_of_the_same_scheme() {
        for status in [301, 302, 307, 308] {
            assert_eq!(
                hop(
                    "https://a:8200/v1/x",
                    &Method::GET,
                    status,
                    Some("https://b:8200/v1/x")
                ),
                Ok(Some("https://b:8200/v1/x".to_owned()))
            );
        }
        assert_eq!(
            hop("https://a/v1/x", &Method::PUT, 307, Some("/v1/y")),
            Ok(Some("https://a/v1/y".to_owned()))
        );
        assert_eq!(hop("https://a/v1/x", &Method::GET, 200, None), Ok(None));
    }

    #[test]
    fn refuses_what_would_leak_or_change_the_request() {
        assert!(hop("https://a/", &Method::GET, 307, Some("http://a/")).is_err());
        assert!(hop("http://a/", &Method::GET, 307, Some("https://a/")).is_err());
        assert!(hop("https://a/", &Method::GET, 307, Some("//u:p@b/")).is_err());
        assert!(hop("https://a/", &Method::GET, 307, None).is_err());
        assert!(hop("https://a/", &Method::PUT, 302, Some("https://a/x")).is_err());
        assert!(hop("https://a/", &Method::GET, 303, Some("https://a/x")).is_err());
    }
}
