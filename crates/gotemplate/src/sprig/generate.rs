//! Certificates made on the spot.

use std::net::IpAddr;

use aws_lc_rs::rsa::KeySize;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

use crate::bytestr::Str;
use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::types::ANY_LIST;
use crate::value::Value;

use super::certificates::{CERTIFICATE, Pair, encode, parse};
use super::keys::PrivateKey;
use super::pem::Block;
use super::random;
use super::strval::printed;
use super::time::Time;
use super::{INT, TEXT};

pub(super) static TABLE: &[Func] = &[
    Func::fixed("genCA", &[TEXT, INT], CERTIFICATE, gen_ca),
    Func::fixed("genCAWithKey", &[TEXT, INT, TEXT], CERTIFICATE, gen_ca),
    Func::fixed(
        "genSelfSignedCert",
        &[TEXT, ANY_LIST, ANY_LIST, INT],
        CERTIFICATE,
        gen_self_signed,
    ),
    Func::fixed(
        "genSelfSignedCertWithKey",
        &[TEXT, ANY_LIST, ANY_LIST, INT, TEXT],
        CERTIFICATE,
        gen_self_signed,
    ),
    Func::fixed(
        "genSignedCert",
        &[TEXT, ANY_LIST, ANY_LIST, INT, CERTIFICATE],
        CERTIFICATE,
        gen_signed,
    ),
    Func::fixed(
        "genSignedCertWithKey",
        &[TEXT, ANY_LIST, ANY_LIST, INT, CERTIFICATE, TEXT],
        CERTIFICATE,
        gen_signed,
    ),
];

/// The key given as the `i`th argument, or a fresh one.
fn key(ctx: &mut Ctx, args: &Args<'_>, i: usize) -> Result<PrivateKey, FuncError> {
    ctx.charge(100_000)?;
    match args.rest(i).first() {
        Some(_) => PrivateKey::from_pem(args.str(i)?)
            .map_err(|error| FuncError::new(format!("parsing private key: {error}"))),
        None => PrivateKey::generate_rsa(KeySize::Rsa2048)
            .ok_or_else(|| FuncError::new("error generating rsa key")),
    }
}

fn gen_ca(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let key = key(ctx, args, 2)?;
    let mut params = params(args.str(0)?, args.int(1)?)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages.push(KeyUsagePurpose::KeyCertSign);
    self_signed(&params, &key)
}

fn gen_self_signed(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let key = key(ctx, args, 4)?;
    let params = named_params(ctx, args)?;
    self_signed(&params, &key)
}

fn gen_signed(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let key = key(ctx, args, 5)?;
    let ca = match args.value(4)? {
        Value::Object(object) => object.as_any().and_then(|any| any.downcast_ref::<Pair>()),
        _ => None,
    };
    let ca = ca.ok_or_else(|| FuncError::new("not a certificate"))?;
    let block =
        Block::first(&ca.cert).ok_or_else(|| FuncError::new("unable to decode certificate"))?;
    parse(&block.bytes).map_err(|error| {
        FuncError::new(format!(
            "error parsing certificate: decodedSignerCert.Bytes: {error}"
        ))
    })?;
    let ca_key = PrivateKey::from_pem(&ca.key)
        .map_err(|error| FuncError::new(format!("error parsing private key: {error}")))?;
    let params = named_params(ctx, args)?;
    let failed = |_| FuncError::new("error creating certificate");
    let issuer = Issuer::from_ca_cert_der(&CertificateDer::from(block.bytes), signer(&ca_key)?)
        .map_err(failed)?;
    let certificate = params.signed_by(&signer(&key)?, &issuer).map_err(failed)?;
    Ok(pair(certificate.der(), &key))
}

fn self_signed(params: &CertificateParams, key: &PrivateKey) -> Result<Value, FuncError> {
    let certificate = params
        .self_signed(&signer(key)?)
        .map_err(|_| FuncError::new("error creating certificate"))?;
    Ok(pair(certificate.der(), key))
}

fn pair(der: &[u8], key: &PrivateKey) -> Value {
    let pair = Pair {
        cert: encode(&[der]).into(),
        key: key.to_pem().into(),
    };
    pair.into()
}

fn signer(key: &PrivateKey) -> Result<KeyPair, FuncError> {
    let pkcs8 = key.pkcs8().ok_or_else(|| {
        FuncError::new("error creating certificate: DSA keys do not sign certificates")
    })?;
    KeyPair::try_from(&PrivatePkcs8KeyDer::from(pkcs8))
        .map_err(|_| FuncError::new("error creating certificate: the key cannot sign"))
}

/// A certificate for a server and client of the name, valid from now.
fn params(name: &Str, days: i64) -> Result<CertificateParams, FuncError> {
    let mut serial = [0; 16];
    random::fill(&mut serial)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, name.to_text().into_owned());
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let range = || FuncError::new("error creating certificate: the time is out of range");
    let now = OffsetDateTime::from_unix_timestamp(Time::now().seconds).map_err(|_| range())?;
    params.not_before = now;
    params.not_after = days
        .checked_mul(86_400)
        .and_then(|seconds| now.checked_add(Duration::seconds(seconds)))
        .ok_or_else(range)?;
    params.key_usages = vec![
        KeyUsagePurpose::KeyEncipherment,
        KeyUsagePurpose::DigitalSignature,
    ];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// The same with the addresses and DNS names of the second and third argument.
fn named_params(ctx: &mut Ctx, args: &Args<'_>) -> Result<CertificateParams, FuncError> {
    let mut params = params(args.str(0)?, args.int(3)?)?;
    let mut addresses = Vec::new();
    for address in args.list(1)?.items() {
        let Value::Str(text) = address else {
            let shown = printed(ctx, address)?;
            let shown = shown.to_text();
            return Err(FuncError::revealing(
                format!("error parsing ip: {shown} is not a string"),
                "error parsing ip: <redacted> is not a string",
            ));
        };
        let text = text.to_text();
        let address: IpAddr = text.parse().map_err(|_| {
            FuncError::revealing(
                format!("error parsing ip: {text}"),
                "error parsing ip: <redacted>",
            )
        })?;
        addresses.push(SanType::IpAddress(address));
    }
    for name in args.list(2)?.items() {
        let Value::Str(text) = name else {
            let shown = printed(ctx, name)?;
            let shown = shown.to_text();
            return Err(FuncError::revealing(
                format!("error processing alternate dns name: {shown} is not a string"),
                "error processing alternate dns name: <redacted> is not a string",
            ));
        };
        let name = text.to_text().into_owned().try_into();
        let name = name
            .map_err(|_| FuncError::new("error creating certificate: a DNS name is not ASCII"))?;
        params.subject_alt_names.push(SanType::DnsName(name));
    }
    params.subject_alt_names.append(&mut addresses);
    Ok(params)
}
