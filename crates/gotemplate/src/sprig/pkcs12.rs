//! PKCS#12 stores: taken apart into PEM, and made from it.

use p12_keystore::{
    Certificate, KeyStore, KeyStoreEntry, Pkcs12Archive, PrivateKey as StoreKey, PrivateKeyChain,
};

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::value::Value;

use super::TEXT;
use super::certificates::{certificates, encode, parse};
use super::encoding::base64_encode;
use super::keys::PrivateKey;

pub(super) static TABLE: &[Func] = &[
    Func::fixed("fullPemToPkcs12", &[TEXT, TEXT], TEXT, full_pem_to_pkcs12),
    Func::fixed(
        "fullPemToPkcs12Pass",
        &[TEXT, TEXT, TEXT],
        TEXT,
        full_pem_to_pkcs12,
    ),
    Func::fixed("pemToPkcs12", &[TEXT, TEXT], TEXT, pem_to_pkcs12),
    Func::fixed("pemToPkcs12Pass", &[TEXT, TEXT, TEXT], TEXT, pem_to_pkcs12),
    Func::fixed("pemTruststoreToPKCS12", &[TEXT], TEXT, trust_store),
    Func::fixed(
        "pemTruststoreToPKCS12Pass",
        &[TEXT, TEXT],
        TEXT,
        trust_store,
    ),
    Func::fixed("pkcs12cert", &[TEXT], TEXT, pkcs12_cert),
    Func::fixed("pkcs12certPass", &[TEXT, TEXT], TEXT, pkcs12_cert),
    Func::fixed("pkcs12key", &[TEXT], TEXT, pkcs12_key),
    Func::fixed("pkcs12keyPass", &[TEXT, TEXT], TEXT, pkcs12_key),
];

/// What deriving the keys of a store counts for.
const STORE_STEPS: usize = 20_000;

/// Opens the store in the last argument with the password before it, if there is one.
fn open(ctx: &mut Ctx, args: &Args<'_>) -> Result<Pkcs12Archive, FuncError> {
    ctx.charge(STORE_STEPS)?;
    let store = args.str(args.len() - 1)?;
    let password = match args.len() {
        1 => "".into(),
        _ => args.str(0)?.to_text(),
    };
    Pkcs12Archive::from_pkcs12(store, &password)
        .map_err(|_| FuncError::new("pkcs12: the store or its password is not valid"))
}

fn pkcs12_key(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let archive = open(ctx, args)?;
    let key = archive
        .keys
        .first()
        .ok_or_else(|| FuncError::new("pkcs12: private key missing"))?;
    let key = PrivateKey::from_pkcs8(key.key.as_der())
        .ok_or_else(|| FuncError::new("pkcs12: the private key is not valid"))?;
    Ok(Value::str(key.to_pkcs8_pem()))
}

fn pkcs12_cert(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let archive = open(ctx, args)?;
    if archive.keys.is_empty() {
        return Err(FuncError::new("pkcs12: private key missing"));
    }
    let id = archive.keys[0].local_key_id.as_ref().map(AsRef::as_ref);
    let mut bags: Vec<_> = archive.certs.iter().collect();
    // The key's own certificate comes first; it is the first of all if none is marked.
    let own = bags
        .iter()
        .position(|bag| id.is_some() && bag.local_key_id.as_deref() == id);
    if let Some(own) = own {
        bags[..=own].rotate_right(1);
    }
    if bags.is_empty() {
        return Err(FuncError::new("pkcs12: certificate missing"));
    }
    let ders: Vec<&[u8]> = bags.iter().map(|bag| bag.cert.as_der()).collect();
    Ok(Value::str(encode(&ordered(&ders)?)))
}

/// Leaf first and root last if all form one chain, else as they came.
fn ordered<'a>(ders: &[&'a [u8]]) -> Result<Vec<&'a [u8]>, FuncError> {
    let mut names = Vec::new();
    for der in ders {
        let certificate = parse(der)?;
        let subject = certificate.subject().as_raw().to_vec();
        names.push((subject, certificate.issuer().as_raw().to_vec()));
    }
    for start in 0..ders.len() {
        let mut chain = vec![start];
        while chain.len() < ders.len() {
            let issuer = &names[chain[chain.len() - 1]].1;
            let next = (0..ders.len()).find(|i| !chain.contains(i) && names[*i].0 == *issuer);
            let Some(next) = next else { break };
            chain.push(next);
        }
        if chain.len() == ders.len() {
            return Ok(chain.into_iter().map(|i| ders[i]).collect());
        }
    }
    Ok(ders.to_vec())
}

fn pem_to_pkcs12(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let mut certs = certificates(args.str(0)?)?;
    certs.truncate(1);
    write(ctx, args, &certs)
}

fn full_pem_to_pkcs12(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let certs = certificates(args.str(0)?)?;
    write(ctx, args, &certs)
}

/// A store of the certificates and the key in the second argument.
fn write(ctx: &mut Ctx, args: &Args<'_>, certs: &[Vec<u8>]) -> Result<Value, FuncError> {
    let first = certs
        .first()
        .ok_or_else(|| FuncError::new("no certificate found"))?;
    let key = PrivateKey::from_any_pem(args.str(1)?)?;
    let key = StoreKey::from_der(key.pkcs8().unwrap_or_default()).map_err(failed)?;
    let id = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, first);
    let chain = certs.iter().map(|der| Certificate::from_der(der));
    let chain: Vec<Certificate> = chain.collect::<Result<_, _>>().map_err(failed)?;
    let chain = PrivateKeyChain::new(id.as_ref().to_vec(), key, chain);
    let mut store = KeyStore::new();
    store.add_entry("", KeyStoreEntry::PrivateKeyChain(chain));
    finish(ctx, args, 2, &store)
}

fn trust_store(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let mut store = KeyStore::new();
    for (i, der) in certificates(args.str(0)?)?.iter().enumerate() {
        let certificate = Certificate::from_der(der).map_err(failed)?;
        let alias = format!("{} {i}", certificate.subject());
        store.add_entry(&alias, KeyStoreEntry::Certificate(certificate));
    }
    finish(ctx, args, 1, &store)
}

/// The store as base64, under the password in the `i`th argument or the empty one.
fn finish(ctx: &mut Ctx, args: &Args<'_>, i: usize, store: &KeyStore) -> Result<Value, FuncError> {
    ctx.charge(STORE_STEPS)?;
    let password = match args.rest(i).first() {
        Some(_) => args.str(i)?.to_text(),
        None => "".into(),
    };
    let der = store.writer(&password).write().map_err(failed)?;
    Ok(Value::str(base64_encode(&der)))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: p12_keystore::error::Error) -> FuncError {
    FuncError::new(format!("pkcs12: {error}"))
}
