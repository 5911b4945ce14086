//! Private keys: read from their several encodings, written in the one each kind has in Go.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair,
};
use zeroize::Zeroizing;

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::value::Value;

use super::TEXT;
use super::der::{self, INTEGER, NULL, OBJECT_ID, OCTET_STRING, SEQUENCE};
use super::pem::Block;

pub(super) static TABLE: &[Func] = &[Func::fixed("genPrivateKey", &[TEXT], TEXT, gen_private_key)];

/// `rsaEncryption`, as an encoded object identifier.
pub(super) const RSA_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// A private key of a kind Go knows.
pub(super) struct PrivateKey {
    kind: KeyKind,
    /// PKCS#8, but for DSA keys, which are kept as they came.
    der: Zeroizing<Vec<u8>>,
}

/// The kinds of private keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Dsa,
    Ec,
    Ed25519,
    Rsa,
}

impl PrivateKey {
    fn new(kind: KeyKind, der: Vec<u8>) -> Self {
        Self {
            kind,
            der: Zeroizing::new(der),
        }
    }

    pub(super) fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The PKCS#8 form; a DSA key has none in Go.
    pub(super) fn pkcs8(&self) -> Option<&[u8]> {
        (self.kind != KeyKind::Dsa).then_some(&self.der[..])
    }

    /// `x509.ParsePKCS8PrivateKey`
    pub(super) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let (info, _) = der::expect(der, SEQUENCE)?;
        let (_, rest) = der::expect(info, INTEGER)?;
        let (algorithm, rest) = der::expect(rest, SEQUENCE)?;
        let (oid, _) = der::expect(algorithm, OBJECT_ID)?;
        if oid == RSA_OID {
            return Self::from_pkcs1(der::expect(rest, OCTET_STRING)?.0);
        }
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
            .and_then(|pair| Ok(pair.to_pkcs8v1()?.as_ref().to_vec()))
            .map(|der| Self::new(KeyKind::Ed25519, der))
            .ok()
            .or_else(|| Self::from_ec(der))
    }

    /// `x509.ParsePKCS1PrivateKey`
    pub(super) fn from_pkcs1(der: &[u8]) -> Option<Self> {
        RsaKeyPair::from_der(der).ok()?;
        let oid = der::write(OBJECT_ID, &[RSA_OID]);
        let algorithm = der::write(SEQUENCE, &[&oid, &[NULL, 0]]);
        let key = der::write(OCTET_STRING, &[der]);
        let pkcs8 = der::write(SEQUENCE, &[&[INTEGER, 1, 0], &algorithm, &key]);
        Some(Self::new(KeyKind::Rsa, pkcs8))
    }

    /// An EC key in PKCS#8 or as `x509.ParseECPrivateKey` takes it.
    pub(super) fn from_ec(der: &[u8]) -> Option<Self> {
        [
            &ECDSA_P256_SHA256_ASN1_SIGNING,
            &ECDSA_P384_SHA384_ASN1_SIGNING,
            &ECDSA_P521_SHA512_ASN1_SIGNING,
        ]
        .into_iter()
        .find_map(|algorithm| EcdsaKeyPair::from_private_key_der(algorithm, der).ok())
        .and_then(|pair| pair.to_pkcs8v1().ok())
        .map(|pkcs8| Self::new(KeyKind::Ec, pkcs8.as_ref().to_vec()))
    }

    /// A DSA key: version and five numbers.
    fn from_dsa(der: &[u8]) -> Option<Self> {
        let (mut numbers, _) = der::expect(der, SEQUENCE)?;
        for _ in 0..6 {
            (_, numbers) = der::expect(numbers, INTEGER)?;
        }
        Some(Self::new(KeyKind::Dsa, der.to_vec()))
    }

    /// sprig's reading of PEM: the label decides, the first block counts.
    pub(super) fn from_pem(text: &[u8]) -> Result<Self, FuncError> {
        let block = Block::first(text).ok_or_else(|| FuncError::new("no PEM data in input"))?;
        let malformed = |place: &'static str| move || FuncError::new(place);
        let label = String::from_utf8_lossy(&block.label).into_owned();
        let Some(kind) = label.strip_suffix("PRIVATE KEY") else {
            return Err(FuncError::revealing(
                format!("no private key data in PEM block of type {label}"),
                "no private key data in PEM block of type <redacted>",
            ));
        };
        match kind {
            "" => Self::from_pkcs8(&block.bytes)
                .ok_or_else(malformed("decoding PEM as PKCS#8: malformed private key")),
            "RSA " => Self::from_pkcs1(&block.bytes).ok_or_else(malformed(
                "parsing RSA private key from PEM: malformed private key",
            )),
            "EC " => Self::from_ec(&block.bytes).ok_or_else(malformed(
                "parsing EC private key from PEM: malformed private key",
            )),
            "DSA " => Self::from_dsa(&block.bytes).ok_or_else(malformed(
                "parsing DSA private key from PEM: malformed private key",
            )),
            other => Err(FuncError::new(match other.strip_suffix(' ') {
                Some(kind) => format!("invalid private key type {kind}"),
                None => format!("no private key data in PEM block of type {label}"),
            })),
        }
    }

    /// External Secrets' reading of PEM: the first block that is a private key, in any encoding.
    pub(super) fn from_any_pem(text: &[u8]) -> Result<Self, FuncError> {
        let block = Block::all(text)
            .into_iter()
            .find(|block| block.label.ends_with(b"PRIVATE KEY"))
            .ok_or_else(|| FuncError::new("no private key found"))?;
        Self::from_pkcs8(&block.bytes)
            .or_else(|| Self::from_pkcs1(&block.bytes))
            .or_else(|| Self::from_ec(&block.bytes))
            .ok_or_else(|| FuncError::new("x509: malformed private key"))
    }

    /// The PEM form sprig writes: PKCS#1 for RSA, SEC 1 for EC, PKCS#8 for Ed25519.
    pub(super) fn to_pem(&self) -> Vec<u8> {
        let traditional = match self.kind {
            KeyKind::Rsa => self
                .inner()
                .map(|der| Block::new("RSA PRIVATE KEY", der.to_vec())),
            KeyKind::Ec => self.sec1().map(|der| Block::new("EC PRIVATE KEY", der)),
            KeyKind::Dsa => Some(Block::new("DSA PRIVATE KEY", self.der.to_vec())),
            KeyKind::Ed25519 => None,
        };
        traditional
            .unwrap_or_else(|| Block::new("PRIVATE KEY", self.der.to_vec()))
            .encode()
    }

    /// The PEM form of PKCS#8.
    pub(super) fn to_pkcs8_pem(&self) -> Vec<u8> {
        Block::new("PRIVATE KEY", self.der.to_vec()).encode()
    }

    /// What the PKCS#8 form wraps.
    pub(super) fn inner(&self) -> Option<&[u8]> {
        let (info, _) = der::expect(&self.der, SEQUENCE)?;
        let (_, rest) = der::expect(info, INTEGER)?;
        let (_, rest) = der::expect(rest, SEQUENCE)?;
        Some(der::expect(rest, OCTET_STRING)?.0)
    }

    /// The EC key with its curve, which PKCS#8 has outside.
    fn sec1(&self) -> Option<Vec<u8>> {
        const CURVE: u8 = 0xa0;
        let (info, _) = der::expect(&self.der, SEQUENCE)?;
        let (_, rest) = der::expect(info, INTEGER)?;
        let (algorithm, _) = der::expect(rest, SEQUENCE)?;
        let (_, curve) = der::expect(algorithm, OBJECT_ID)?;
        let (key, _) = der::expect(self.inner()?, SEQUENCE)?;
        let (_, after_version) = der::expect(key, INTEGER)?;
        let (_, public) = der::expect(after_version, OCTET_STRING)?;
        let private = &key[..key.len() - public.len()];
        let curve = der::write(CURVE, &[curve]);
        Some(der::write(SEQUENCE, &[private, &curve, public]))
    }

    /// A fresh RSA key.
    pub(super) fn generate_rsa(size: KeySize) -> Option<Self> {
        let pair = RsaKeyPair::generate(size).ok()?;
        let pkcs8 = pair.as_der().ok()?;
        Some(Self::new(KeyKind::Rsa, pkcs8.as_ref().to_vec()))
    }
}

/// The kind is `rsa` (4096 bits), `ecdsa` (P-256) or `ed25519`; DSA is too weak to make new keys of.
fn gen_private_key(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    // A key costs more than everything else a template does.
    ctx.charge(100_000)?;
    let kind = args.str(0)?;
    let key = match kind.as_bytes() {
        b"" | b"rsa" => PrivateKey::generate_rsa(KeySize::Rsa4096),
        b"ecdsa" => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
            .ok()
            .and_then(|pair| PrivateKey::from_ec(pair.to_pkcs8v1().ok()?.as_ref())),
        b"ed25519" => Ed25519KeyPair::generate()
            .ok()
            .and_then(|pair| PrivateKey::from_pkcs8(pair.to_pkcs8v1().ok()?.as_ref())),
        b"dsa" => return Err(FuncError::new("DSA keys are not generated")),
        other => return Ok(Value::str([b"Unknown type ", other].concat())),
    };
    match key {
        Some(key) => Ok(Value::str(key.to_pem())),
        None => Err(FuncError::new("failed to generate private key")),
    }
}
