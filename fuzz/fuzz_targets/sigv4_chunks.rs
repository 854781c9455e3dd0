//! The aws-chunked decoder: the same bytes whatever the cuts, never more than declared, and a frame
//! of our own always comes apart again.
//!
//! The first byte says how to cut, the second how many bytes are declared, the third whether a
//! trailer is.
#![no_main]

use bytes::Bytes;
use cairn_event::Timestamp;
use cairn_wire::RequestHead;
use cairn_wire::sigv4::{
    ChunkPlan, ChunkedDecoder, Expectation, PayloadClaim, SignatureError, Signer,
    SigningCredential, SigningKey, ToSign, Trailer, Verified, read, verify,
};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

type Decoded = (Vec<u8>, Result<Vec<Trailer>, SignatureError>);

fn decode(mut decoder: ChunkedDecoder, wire: &[u8], piece_bytes: usize) -> Decoded {
    let mut out = Vec::new();
    for piece in wire.chunks(piece_bytes) {
        if let Err(error) = decoder.push(Bytes::copy_from_slice(piece), &mut out) {
            return (out.concat(), Err(error));
        }
    }
    (out.concat(), decoder.finish())
}

fn check_any(wire: &[u8], plan: &ChunkPlan, piece_bytes: usize) {
    let trailer = !plan.trailers.is_empty();
    let decoder = || ChunkedDecoder::unchecked(plan.clone(), trailer);
    let (whole, result) = decode(decoder(), wire, wire.len().max(1));
    assert!(whole.len() as u64 <= plan.decoded_bytes);
    assert!(result.is_err() || whole.len() as u64 == plan.decoded_bytes);
    let cut = decode(decoder(), wire, piece_bytes);
    assert_eq!((whole, result), cut);
}

/// A verified request to stream under, signed anew; the signer goes on to sign the chunks.
fn signed(signer: &Signer<'_>, trailer: bool) -> Verified {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("127.0.0.1"));
    let payload = PayloadClaim::Chunked { signed: true, trailer };
    let (method, path, query, body) = ("PUT", "/b/k", "", &b""[..]);
    let (added, _) =
        signer.headers(&ToSign { method, path, query, headers: &headers, payload, body });
    for (name, value) in added {
        headers.insert(name, value.parse().expect("a header of ours is visible ASCII"));
    }
    let head = RequestHead { method, path, query, headers: &headers };
    let claim = read(&head).expect("it is well-formed").expect("it is signed");
    let key = SigningKey::derive(SECRET, &claim.scope);
    verify(&claim, &head, &key, claim.time, &Expectation::default()).expect("we signed it")
}

fn check_own(bytes: &[u8], trailer: bool, piece_bytes: usize, flip: usize) {
    let credential = SigningCredential {
        access_key: "AKIAIOSFODNN7EXAMPLE",
        secret: SECRET,
        session_token: None,
    };
    let signer = Signer::new(credential, "us-east-1", "s3", Timestamp::from_ms(1_795_626_000_000));
    let verified = signed(&signer, trailer);
    let mut previous = verified.signature;
    let mut wire = Vec::new();
    for piece in bytes.chunks(37) {
        wire.extend(signer.chunk(&mut previous, piece));
    }
    wire.extend(signer.chunk(&mut previous, b""));
    let mut trailers = Vec::new();
    if trailer {
        let (name, value) = ("x-amz-checksum-crc32".to_owned(), "AAAAAA==".to_owned());
        trailers.push(Trailer { name, value });
        wire.extend(signer.trailer(&previous, &trailers));
    } else {
        wire.extend_from_slice(b"\r\n");
    }
    let plan = ChunkPlan {
        decoded_bytes: bytes.len() as u64,
        trailers: trailers.iter().map(|trailer| trailer.name.clone()).collect(),
    };
    let decoder = || ChunkedDecoder::new(&verified, plan.clone(), true, trailer);
    assert_eq!(decode(decoder(), &wire, piece_bytes), (bytes.to_vec(), Ok(trailers)));
    let at = flip % wire.len();
    wire[at] ^= 0x40;
    assert!(decode(decoder(), &wire, piece_bytes).1.is_err(), "byte {at} was changed");
}

fuzz_target!(|input: &[u8]| {
    let [cut, declared, trailer, wire @ ..] = input else { return };
    let piece_bytes = usize::from(*cut).max(1);
    let trailer = trailer & 1 == 1;
    let trailers = if trailer { vec!["x-amz-checksum-crc32".to_owned()] } else { Vec::new() };
    let plan = ChunkPlan { decoded_bytes: u64::from(*declared), trailers };
    check_any(wire, &plan, piece_bytes);
    check_own(wire, trailer, piece_bytes, usize::from(*declared) * 7 + usize::from(*cut));
});
