//! Certificates: checking pairs, taking chains apart, reading names.

use std::net::IpAddr;
use std::sync::Arc;

use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::bytestr::Str;
use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::list::List;
use crate::object::Object;
use crate::types::{Kind, STRING_LIST, Type};
use crate::value::Value;

use super::TEXT;
use super::encoding::base64_decode;
use super::keys::PrivateKey;
use super::pem::Block;

/// `sprig.certificate`: a certificate and its key, both PEM.
pub(super) const CERTIFICATE: Type = Type::Object("sprig.certificate", Kind::Struct);

/// The label of certificates in PEM.
pub(super) const LABEL: &str = "CERTIFICATE";

pub(super) static TABLE: &[Func] = &[
    Func::fixed(
        "buildCustomCert",
        &[TEXT, TEXT],
        CERTIFICATE,
        build_custom_cert,
    ),
    Func::fixed("certSANs", &[TEXT], STRING_LIST, cert_sans),
    Func::fixed("filterCertChain", &[TEXT, TEXT], TEXT, filter_cert_chain),
    Func::fixed("filterPEM", &[TEXT, TEXT], TEXT, filter_pem),
];

/// A certificate with its key, as sprig's functions hand it around.
pub(super) struct Pair {
    pub(super) cert: Str,
    pub(super) key: Str,
}

impl Object for Pair {
    fn type_of(&self) -> Type {
        CERTIFICATE
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Cert" => Some(self.cert.clone().into()),
            "Key" => Some(self.key.clone().into()),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Cert", self.cert.clone().into()),
            ("Key", self.key.clone().into()),
        ]
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}

impl From<Pair> for Value {
    fn from(pair: Pair) -> Self {
        Self::Object(Arc::new(pair))
    }
}

/// Whether the bytes are a certificate; Go's complaint in outline if not.
pub(super) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, FuncError> {
    X509Certificate::from_der(der)
        .map(|(_, certificate)| certificate)
        .map_err(|_| FuncError::new("x509: malformed certificate"))
}

fn build_custom_cert(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let cert = base64_decode(args.str(0)?)
        .map_err(|_| FuncError::new("unable to decode base64 certificate"))?;
    let key = base64_decode(args.str(1)?)
        .map_err(|_| FuncError::new("unable to decode base64 private key"))?;
    let block =
        Block::first(&cert).ok_or_else(|| FuncError::new("unable to decode certificate"))?;
    parse(&block.bytes).map_err(|error| {
        FuncError::new(format!(
            "error parsing certificate: decodedCert.Bytes: {error}"
        ))
    })?;
    PrivateKey::from_pem(&key)
        .map_err(|error| FuncError::new(format!("error parsing private key: {error}")))?;
    let pair = Pair {
        cert: cert.into(),
        key: key.into(),
    };
    Ok(pair.into())
}

fn filter_pem(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let label = args.str(0)?;
    let blocks = Block::all(args.str(1)?);
    let kept = blocks
        .iter()
        .filter(|block| block.label == label.as_bytes());
    Ok(Value::str(
        kept.flat_map(Block::encode).collect::<Vec<u8>>(),
    ))
}

/// The certificates of a PEM text; other blocks are passed over.
pub(super) fn certificates(text: &[u8]) -> Result<Vec<Vec<u8>>, FuncError> {
    let blocks = Block::all(text)
        .into_iter()
        .filter(|block| block.label == LABEL.as_bytes());
    let mut all = Vec::new();
    for block in blocks {
        parse(&block.bytes)?;
        all.push(block.bytes);
    }
    Ok(all)
}

/// Certificates as PEM.
pub(super) fn encode(certificates: &[impl AsRef<[u8]>]) -> Vec<u8> {
    certificates
        .iter()
        .flat_map(|der| Block::new(LABEL, der.as_ref().to_vec()).encode())
        .collect()
}

/// Where in a chain a certificate stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Leaf,
    Intermediate,
    Root,
}

fn filter_cert_chain(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let wanted = match args.str(0)?.as_bytes() {
        b"leaf" => Part::Leaf,
        b"intermediate" => Part::Intermediate,
        b"root" => Part::Root,
        other => {
            let quoted = crate::quote::quoted(&String::from_utf8_lossy(other));
            return Err(FuncError::revealing(
                format!("unknown certificate kind {quoted}"),
                "unknown certificate kind <redacted>",
            ));
        }
    };
    let ders = certificates(args.str(1)?)?;
    let mut all = Vec::new();
    for der in &ders {
        all.push(Identity::of(&parse(der)?));
    }
    let picked: Vec<&Vec<u8>> = ders
        .iter()
        .enumerate()
        .filter(|(i, _)| part_of(*i, &all) == wanted)
        .map(|(_, der)| der)
        .collect();
    if wanted == Part::Leaf && picked.len() > 1 {
        return Err(FuncError::new("more than one leaf certificate"));
    }
    Ok(Value::str(encode(&picked)))
}

/// What tells a certificate's place.
struct Identity {
    subject_key: Vec<u8>,
    authority_key: Vec<u8>,
    same_names: bool,
    is_ca: bool,
}

impl Identity {
    fn of(certificate: &X509Certificate<'_>) -> Self {
        let mut identity = Self {
            subject_key: Vec::new(),
            authority_key: Vec::new(),
            same_names: certificate.subject().as_raw() == certificate.issuer().as_raw(),
            is_ca: certificate.is_ca(),
        };
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(id) => identity.subject_key = id.0.to_vec(),
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    let id = id.key_identifier.as_ref();
                    identity.authority_key = id.map(|id| id.0.to_vec()).unwrap_or_default();
                }
                _ => {}
            }
        }
        identity
    }

    fn is_self_issued(&self) -> bool {
        if self.authority_key.is_empty() {
            self.same_names
        } else {
            self.authority_key == self.subject_key
        }
    }
}

fn part_of(index: usize, all: &[Identity]) -> Part {
    let one = &all[index];
    if one.is_self_issued() {
        return Part::Root;
    }
    let issues = all.iter().enumerate().any(|(other, identity)| {
        other != index && !one.subject_key.is_empty() && identity.authority_key == one.subject_key
    });
    if issues || one.is_ca {
        Part::Intermediate
    } else {
        Part::Leaf
    }
}

/// The names of the first certificate: DNS names, addresses, mailboxes, URIs.
fn cert_sans(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let ders = certificates(args.str(0)?)?;
    let first = ders
        .first()
        .ok_or_else(|| FuncError::new("no certificate found"))?;
    let certificate = parse(first)?;
    let names = certificate
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|extension| &extension.value.general_names[..])
        .unwrap_or_default();
    let mut kinds: [Vec<String>; 4] = Default::default();
    for name in names {
        match name {
            GeneralName::DNSName(name) => kinds[0].push((*name).to_owned()),
            GeneralName::IPAddress(bytes) => kinds[1].extend(address(bytes)),
            GeneralName::RFC822Name(name) => kinds[2].push((*name).to_owned()),
            GeneralName::URI(uri) => kinds[3].push((*uri).to_owned()),
            _ => {}
        }
    }
    Ok(List::strings(kinds.into_iter().flatten()).into())
}

/// An address of four or sixteen bytes.
fn address(bytes: &[u8]) -> Option<String> {
    let address = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
        _ => return None,
    };
    Some(address.to_canonical().to_string())
}
