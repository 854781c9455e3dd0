//! The aws-chunked framing, cut anywhere, and broken everywhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cairn_wire::RequestHead;
use cairn_wire::sigv4::{ChunkPlan, ChunkedDecoder, PayloadClaim, SignatureError};
use proptest::prelude::*;

use super::{Request, vectors};

type Decoded = (Vec<u8>, Vec<(String, String)>);

/// Verifies the request and decodes a body that comes in pieces of `piece_bytes`.
pub fn decode(
    request: &Request,
    wire: &[u8],
    piece_bytes: usize,
) -> Result<Decoded, SignatureError> {
    decode_pieces(request, wire.chunks(piece_bytes.max(1)))
}

fn decode_pieces<'a>(
    request: &Request,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Result<Decoded, SignatureError> {
    let (claim, verified) = request.check()?;
    let headers = request.header_map();
    let head = RequestHead {
        method: &request.method,
        path: &request.path,
        query: &request.query,
        headers: &headers,
    };
    let PayloadClaim::Chunked { signed, trailer } = claim.payload else {
        panic!("{} is not chunked", request.name)
    };
    let mut decoder = ChunkedDecoder::new(&verified, ChunkPlan::read(&head)?, signed, trailer);
    let mut out = Vec::new();
    for piece in pieces {
        decoder.push(Bytes::copy_from_slice(piece), &mut out)?;
    }
    let trailers = decoder.finish()?;
    let trailers = trailers.into_iter().map(|trailer| (trailer.name, trailer.value)).collect();
    Ok((out.concat(), trailers))
}

fn chunked() -> impl Iterator<Item = Request> {
    vectors().into_iter().filter(|request| request.kind == "chunked")
}

fn is_signed(request: &Request) -> bool {
    request.name.ends_with("signed-chunks")
}

#[test]
fn decodes_the_same_whatever_the_cuts() {
    for request in chunked() {
        let wire = request.body();
        let expected = (STANDARD.decode(&request.decoded).unwrap(), request.trailers.clone());
        for piece_bytes in [1, 2, 3, 7, 64, 89, wire.len()] {
            let result = decode(&request, &wire, piece_bytes);
            assert_eq!(result.as_ref(), Ok(&expected), "{} by {piece_bytes}", request.name);
        }
    }
}

#[test]
fn a_body_cut_short_is_incomplete() {
    for request in chunked() {
        let wire = request.body();
        for end in 0..wire.len() {
            let result = decode(&request, &wire[..end], 50);
            assert_eq!(result, Err(SignatureError::IncompleteBody), "{} to {end}", request.name);
        }
    }
}

#[test]
fn no_byte_of_a_signed_stream_can_be_changed() {
    for request in chunked().filter(is_signed) {
        let wire = request.body();
        let expected = decode(&request, &wire, wire.len()).unwrap();
        for at in 0..wire.len() {
            for bit in [0x01, 0x20, 0x80] {
                let mut forged = wire.clone();
                forged[at] ^= bit;
                let result = decode(&request, &forged, 64);
                // Letters of a size and of a trailer's name may change case: they mean the same.
                let same = forged.eq_ignore_ascii_case(&wire) && result.as_ref() == Ok(&expected);
                assert!(same || result.is_err(), "{}: byte {at} ^ {bit:#x}", request.name);
            }
        }
    }
}

#[test]
fn bytes_behind_the_end_are_refused() {
    for request in chunked() {
        for extra in [&b"\r\n"[..], b"x", b"0\r\n\r\n"] {
            let result = decode(&request, &[&request.body(), extra].concat(), 1000);
            assert!(matches!(result, Err(SignatureError::MalformedChunk { .. })), "{result:?}");
        }
    }
}

fn find(name: &str, decoded: &str) -> Request {
    let decoded = STANDARD.encode(decoded);
    chunked().find(|found| found.name.ends_with(name) && found.decoded == decoded).unwrap()
}

#[test]
fn chunks_cannot_be_left_out_or_swapped() {
    let request = find("-signed-chunks", "hello world");
    let wire = request.body();
    // "6;chunk-signature=" and "5;chunk-signature=" with 64 digits, CRLF, the bytes, CRLF
    let (first, rest) = wire.split_at(18 + 64 + 2 + 6 + 2);
    let (second, end) = rest.split_at(18 + 64 + 2 + 5 + 2);
    let decode = |parts: &[&[u8]]| decode(&request, &parts.concat(), 1000);
    assert!(decode(&[first, second, end]).is_ok());
    for parts in [&[second, first, end][..], &[second, end], &[second, second, end], &[first, end]]
    {
        let result = decode(parts);
        assert!(matches!(result, Err(SignatureError::ChunkMismatch { .. })), "{result:?}");
    }
    for parts in [&[first, first][..], &[first, second, second]] {
        assert_eq!(decode(parts), Err(SignatureError::IncompleteBody), "more than was declared");
    }
}

#[test]
fn an_unsigned_stream_keeps_to_its_length_and_trailers() {
    let request = find("-unsigned-trailer", "hello world");
    let good = String::from_utf8(request.body()).unwrap();
    let refuse = |wire: &str, expected: SignatureError| {
        assert_eq!(decode(&request, wire.as_bytes(), 1000), Err(expected), "{wire}");
    };
    refuse(&good.replace("5\r\nworld", "6\r\nworlds"), SignatureError::IncompleteBody);
    refuse(&good.replace("5\r\nworld\r\n", ""), SignatureError::IncompleteBody);
    refuse(&good.replace("crc32:", "sha1:"), SignatureError::MalformedTrailer);
    refuse(&good.replace("x-amz-checksum-crc32:", "no colon"), SignatureError::MalformedTrailer);
    let line = good.rsplit("0\r\n").next().unwrap().trim_end();
    refuse(&good.replace(line, &format!("{line}\r\n{line}")), SignatureError::MalformedTrailer);
    refuse(&good.replace(&format!("{line}\r\n"), ""), SignatureError::MalformedTrailer);
    let why = |wire: &str| match decode(&request, wire.as_bytes(), 1000) {
        Err(SignatureError::MalformedChunk { why }) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why(&good.replace("6\r\n", "6\n")), "a line does not end with CRLF");
    assert_eq!(why(&good.replace("6\r\n", "+6\r\n")), "a chunk's size is no number");
    assert_eq!(why(&good.replace("6\r\n", "\r\n")), "a chunk's size is no number");
    assert_eq!(why(&format!("0{good}", good = "0".repeat(300))), "a line is too long");
    assert_eq!(why(&good.replace("6\r\nhello ", "4\r\nhello ")), "a line is too long");
    assert_eq!(why(&format!("{}6\r\n", "0".repeat(16))), "a chunk's size is no number");
}

#[test]
fn the_plan_needs_a_decoded_length() {
    let mut request = find("-unsigned-trailer", "x");
    for value in ["", "-1", "1.5", "99999999999999999999999", " 1x"] {
        value.clone_into(request.header_mut("x-amz-decoded-content-length"));
        let headers = request.header_map();
        let head = RequestHead { method: "PUT", path: "/", query: "", headers: &headers };
        assert_eq!(ChunkPlan::read(&head), Err(SignatureError::DecodedLengthMissing), "{value}");
    }
}

proptest! {
    #[test]
    fn cuts_anywhere_give_the_same_bytes(cuts in prop::collection::vec(0_usize..900, 0..40)) {
        for request in chunked() {
            let wire = request.body();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (wire.len() + 1)).collect();
            cuts.extend([0, wire.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|pair| &wire[pair[0]..pair[1]]);
            let expected = (STANDARD.decode(&request.decoded).unwrap(), request.trailers.clone());
            prop_assert_eq!(decode_pieces(&request, pieces), Ok(expected));
        }
    }

    #[test]
    fn any_stream_is_decoded_or_refused(
        wire in "([0-9a-f]{0,3}(;chunk-signature=[0-9a-f]{64})?|x-amz-checksum-crc32:[a-z]*|[a-z]{0,5}|\r\n){0,12}",
        decoded_bytes in 0_u64..20,
        trailer: bool,
        piece_bytes in 1_usize..30,
    ) {
        let plan = ChunkPlan {
            decoded_bytes,
            trailers: if trailer { vec!["x-amz-checksum-crc32".to_owned()] } else { Vec::new() },
        };
        let mut decoder = ChunkedDecoder::unchecked(plan, trailer);
        let mut out = Vec::new();
        let mut result = Ok(());
        for piece in wire.as_bytes().chunks(piece_bytes) {
            result = result.and(decoder.push(Bytes::copy_from_slice(piece), &mut out));
        }
        let total: usize = out.iter().map(Bytes::len).sum();
        prop_assert!(total as u64 <= decoded_bytes);
        if result.and(decoder.finish().map(drop)).is_ok() {
            prop_assert_eq!(total as u64, decoded_bytes);
        }
    }
}
