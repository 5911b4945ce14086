//! The HTTP clients behind one connection's settings.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::Mutex,
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{
    Certificate, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};

use crate::{
    lock::lock,
    settings::{ConnectionSettings, SettingsError},
};

/// Sends to any host of one Vault, with one set of headers, roots and limits.
pub(crate) struct Transport {
    recipe: Recipe,
    usual: reqwest::Client,
    /// One client a host, where the name in the TLS handshake is not the host's: the URL then names
    /// the server name, and a resolver of the client's own leads it to the host.
    renamed: Mutex<HashMap<String, reqwest::Client>>,
}

/// What to hand a request to.
pub(crate) struct Route {
    pub(crate) client: reqwest::Client,
    pub(crate) url: Url,
    /// The `Host` to ask for, where the URL names another.
    pub(crate) host: Option<HeaderValue>,
}

impl Transport {
    pub(crate) fn new(settings: &ConnectionSettings, address: &Url) -> Result<Self, SettingsError> {
        let recipe = Recipe::new(settings, address)?;
        let usual = recipe.client(None)?;
        Ok(Self {
            recipe,
            usual,
            renamed: Mutex::default(),
        })
    }

    pub(crate) fn route(&self, url: Url) -> Result<Route, String> {
        let named = self.recipe.server_name.as_deref().zip(url.host_str());
        let Some((name, host)) =
            named.filter(|(name, host)| url.scheme() == "https" && name != host)
        else {
            return Ok(Route {
                client: self.usual.clone(),
                url,
                host: None,
            });
        };
        let client = self.renamed(host)?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let header = HeaderValue::from_str(&authority).map_err(|error| error.to_string())?;
        let mut dialled = url.clone();
        dialled
            .set_host(Some(name))
            .map_err(|error| error.to_string())?;
        Ok(Route {
            client,
            url: dialled,
            host: Some(header),
        })
    }

    fn renamed(&self, host: &str) -> Result<reqwest::Client, String> {
        let mut clients = lock(&self.renamed);
        if let Some(client) = clients.get(host) {
            return Ok(client.clone());
        }
        let client = self
            .recipe
            .client(Some(host))
            .map_err(|error| error.to_string())?;
        // Hosts are the configured one and those it redirects to; a server that names ever new
        // ones must not fill the memory.
        if clients.len() >= MAX_HOSTS {
            clients.clear();
        }
        clients.insert(host.to_owned(), client.clone());
        Ok(client)
    }
}

struct Recipe {
    headers: HeaderMap,
    timeout: Duration,
    roots: Option<Vec<Certificate>>,
    skip_verify: bool,
    server_name: Option<String>,
    loopback: bool,
}

impl Recipe {
    fn new(settings: &ConnectionSettings, address: &Url) -> Result<Self, SettingsError> {
        if settings.timeout.is_zero() {
            return Err(SettingsError::Timeout);
        }
        let mut headers = header_map(&settings.headers)?;
        if headers.contains_key(NAMESPACE) {
            return Err(SettingsError::NamespaceHeader {
                name: NAMESPACE.to_string(),
            });
        }
        // Vault Agents and Proxies can be set to refuse requests without it.
        headers.insert(VAULT_REQUEST, HeaderValue::from_static("true"));
        let tls = &settings.tls;
        let roots = match &tls.ca_pem {
            Some(pem) if !tls.skip_verify => Some(roots(pem)?),
            _ => None,
        };
        let server_name = tls.server_name.as_deref().filter(|name| !name.is_empty());
        Ok(Self {
            headers,
            timeout: settings.timeout,
            roots,
            skip_verify: tls.skip_verify,
            server_name: server_name.map(dns_name).transpose()?,
            loopback: is_loopback(address),
        })
    }

    /// A client that follows no redirect: `X-Vault-Token` is not among the headers that reqwest
    /// takes away on the way to another host.
    fn client(&self, renamed_host: Option<&str>) -> Result<reqwest::Client, SettingsError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .default_headers(self.headers.clone())
            .timeout(self.timeout)
            .connect_timeout(self.timeout.min(LONGEST_CONNECT))
            .pool_max_idle_per_host(MAX_IDLE)
            .redirect(Policy::none())
            .tls_danger_accept_invalid_certs(self.skip_verify);
        if let Some(roots) = &self.roots {
            builder = builder.tls_certs_only(roots.iter().cloned());
        }
        if self.loopback {
            builder = builder.no_proxy();
        }
        if let Some(host) = renamed_host {
            // HTTP/2 would put the server name where HTTP/1.1 has the Host header, and a proxy
            // would be asked for the server name.
            let host = host.trim_matches(['[', ']']).to_owned();
            builder = builder
                .http1_only()
                .no_proxy()
                .dns_resolver(Always { host });
        }
        builder.build().map_err(|error| {
            let reason = reason(&error);
            match self.roots {
                Some(_) => SettingsError::Ca { reason },
                None => SettingsError::Tls { reason },
            }
        })
    }
}

/// Resolves every name to the addresses of one host.
struct Always {
    host: String,
}

impl Resolve for Always {
    fn resolve(&self, _: Name) -> Resolving {
        let host = self.host.clone();
        Box::pin(async move {
            // Port 0 stands for the URL's own.
            let addresses: Vec<_> = tokio::net::lookup_host((host, 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Headers as configured, checked.
pub(crate) fn header_map(headers: &BTreeMap<String, String>) -> Result<HeaderMap, SettingsError> {
    let invalid = |name: &str, part| SettingsError::Header {
        name: name.to_owned(),
        part,
    };
    headers
        .iter()
        .map(|(name, value)| {
            let key: HeaderName = name.parse().map_err(|_| invalid(name, "header name"))?;
            let mut value: HeaderValue =
                value.parse().map_err(|_| invalid(name, "header value"))?;
            // They may be credentials for a proxy.
            value.set_sensitive(true);
            Ok((key, value))
        })
        .collect()
}

/// What an HTTP error says, from the outside in, without the URL.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    let mut source = std::error::Error::source(error);
    let mut words = Vec::new();
    while let Some(error) = source {
        words.push(error.to_string());
        source = error.source();
    }
    if words.is_empty() {
        "no details".to_owned()
    } else {
        words.join(": ")
    }
}

fn roots(pem: &[u8]) -> Result<Vec<Certificate>, SettingsError> {
    let roots = Certificate::from_pem_bundle(pem).map_err(|error| SettingsError::Ca {
        reason: reason(&error),
    })?;
    if roots.is_empty() {
        return Err(SettingsError::Ca {
            reason: "no PEM certificate in it".to_owned(),
        });
    }
    Ok(roots)
}

fn dns_name(name: &str) -> Result<String, SettingsError> {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    if name.parse::<IpAddr>().is_ok() || !name.split('.').all(label) {
        return Err(SettingsError::ServerName {
            name: name.to_owned(),
        });
    }
    Ok(name.to_ascii_lowercase())
}

/// A server on this machine is never behind a proxy.
fn is_loopback(address: &Url) -> bool {
    let host = address
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Header that names the Vault namespace.
pub(crate) const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
const VAULT_REQUEST: HeaderName = HeaderName::from_static("x-vault-request");
const USER_AGENT: &str = concat!("secretwire/", env!("CARGO_PKG_VERSION"));
const LONGEST_CONNECT: Duration = Duration::from_secs(10);
const MAX_IDLE: usize = 16;
const MAX_HOSTS: usize = 16;
