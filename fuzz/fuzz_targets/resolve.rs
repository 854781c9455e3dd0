//! Any request is one call, or none, or no business of ours; a second look with the body settles
//! what the first left open, and what was resolved can be decoded, validated and refused in the
//! caller's protocol.
#![no_main]

use cairn_fuzz::Request;
use cairn_wire::codec::{WireError, decode_resolved, encode_error_for};
use cairn_wire::resolve::{BaseDomains, Resolution, ResolveError, resolve};
use cairn_wire::validate;
use libfuzzer_sys::fuzz_target;

/// What was found, without the models behind it.
fn outcome(result: &Result<Resolution, ResolveError>) -> String {
    match result {
        Ok(Resolution::Call(call)) => format!(
            "{} {} {:?} {:?} {:?} {:?}",
            call.service.id(),
            call.call().name(),
            call.protocol,
            call.credential,
            call.region,
            (call.presigned, &call.bucket, call.virtual_host),
        ),
        Ok(Resolution::NeedsForm) => "needs a form".to_owned(),
        Ok(Resolution::NotAws(why)) => format!("{why:?}"),
        Err(error) => error.to_string(),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let request = Request::parse(bytes);
    let head = request.head();
    let hosts = BaseDomains::new(["localhost".to_owned(), "s3.example.org".to_owned()]);
    let mut result = resolve(&head, None, &hosts);
    assert_eq!(outcome(&result), outcome(&resolve(&head, None, &hosts)), "the same request twice");
    if matches!(result, Ok(Resolution::NeedsForm)) {
        result = resolve(&head, Some(request.body), &hosts);
        assert!(!matches!(result, Ok(Resolution::NeedsForm)), "the form was given");
    }
    let Ok(Resolution::Call(call)) = result else { return };
    if let Ok(input) = decode_resolved(&call, &head, request.body) {
        let _ = validate::check(call.call(), &input);
    }
    let error = WireError::sender("AccessDenied", "no");
    let answer =
        encode_error_for(&head, Some(call.service), Some(call.call()), call.protocol, &error, "id");
    assert!((400..600).contains(&answer.status));
});
