//! A world with a clock of its own, in which digests are written, broken off and checked.

mod checker;
mod cut;
mod decisions;
mod faults;
mod life;
mod limits;
mod scale;
mod world;

use super::RsaPair;

/// A key pair of the fixture.
fn key(number: usize) -> RsaPair {
    use base64::Engine as _;
    let blocks = include_str!("keys.txt").split("\n\n").skip(1);
    let block = blocks.filter(|block| !block.trim().is_empty()).nth(number).unwrap();
    let text: String = block.split_whitespace().collect();
    let der = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    RsaPair::from_pkcs8(&der).unwrap()
}

#[test]
fn a_signature_is_always_the_same() {
    let pair = key(0);
    let signature = pair.sign("text").unwrap();
    assert_eq!(signature.len(), 512);
    assert_eq!(signature, RsaPair::from_pkcs8(pair.pkcs8()).unwrap().sign("text").unwrap());
    assert_ne!(signature, pair.sign("other").unwrap());
    // PKCS#1: a sequence of two integers, 270 bytes for this size (documented).
    assert_eq!((pair.public_der().len(), pair.public_der()[0]), (270, 0x30));
    assert!(RsaPair::from_pkcs8(b"no key").is_err());
    assert_eq!(format!("{pair:?}"), "RsaPair(..)");
}
