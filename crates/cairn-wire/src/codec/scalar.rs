//! Scalars that travel as text: in forms, XML, headers, query strings, and JSON numbers.

use base64::{Engine, engine::DecodePaddingMode, engine::GeneralPurposeConfig};

use super::{DecodeError, time};
use crate::{
    model::{Shape, ShapeKind, TimestampFormat},
    value::Value,
};

/// Doubles with more significant digits than this lose some as a double.
const DOUBLE_DIGITS_MAX: usize = 17;
/// How much of a wrong text an error repeats.
const SHOWN_CHARS_MAX: usize = 64;

/// Base64 as AWS reads it: padding or none.
const BASE64: base64::engine::GeneralPurpose = base64::engine::GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A text that is not what the model wants.
pub(super) fn bad(text: &str, wanted: &'static str) -> DecodeError {
    let text = text.chars().take(SHOWN_CHARS_MAX).collect();
    DecodeError::Scalar { path: String::new(), text, wanted }
}

/// Reads a scalar of the shape from its text.
pub(super) fn read(shape: Shape<'static>, text: &str) -> Result<Value, DecodeError> {
    match shape.kind() {
        ShapeKind::String => Ok(Value::String(text.to_owned())),
        ShapeKind::Blob => blob(text),
        ShapeKind::Boolean => match text.trim() {
            "true" | "True" | "TRUE" | "1" => Ok(Value::Bool(true)),
            "false" | "False" | "FALSE" | "0" => Ok(Value::Bool(false)),
            _ => Err(bad(text, "boolean")),
        },
        ShapeKind::Timestamp => {
            time::parse(text).map(Value::Timestamp).ok_or_else(|| bad(text, "timestamp"))
        }
        kind if is_number(kind) => number(kind, text.trim()),
        _ => Err(DecodeError::Kind { path: String::new(), wanted: "structure, list or map" }),
    }
}

/// Whether the kind is one of the number kinds.
pub(crate) const fn is_number(kind: ShapeKind) -> bool {
    !matches!(
        kind,
        ShapeKind::Structure
            | ShapeKind::List
            | ShapeKind::Map
            | ShapeKind::String
            | ShapeKind::Blob
            | ShapeKind::Boolean
            | ShapeKind::Timestamp
    )
}

/// Reads base64.
pub(super) fn blob(text: &str) -> Result<Value, DecodeError> {
    let decoded = if text.contains(|c: char| c.is_ascii_whitespace()) {
        BASE64.decode(text.split_ascii_whitespace().collect::<String>())
    } else {
        BASE64.decode(text)
    };
    decoded.map(Value::Blob).map_err(|_| bad(text, "base64 text"))
}

/// Writes base64.
pub(super) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Reads a number, keeping its digits.
pub(super) fn number(kind: ShapeKind, text: &str) -> Result<Value, DecodeError> {
    if matches!(kind, ShapeKind::Float | ShapeKind::Double) {
        return double(text);
    }
    if let Ok(number) = text.parse::<i64>() {
        return Ok(Value::Integer(number));
    }
    if !is_decimal(text) {
        return Err(bad(text, "number"));
    }
    // `5.0` and `1E3` are whole numbers too; anything beyond is kept as it is written.
    match text.parse::<f64>() {
        Ok(number) if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 => {
            Ok(Value::Integer(number as i64))
        }
        _ => Ok(Value::Decimal(text.into())),
    }
}

fn double(text: &str) -> Result<Value, DecodeError> {
    match text {
        "NaN" => return Ok(Value::Double(f64::NAN)),
        "Infinity" => return Ok(Value::Double(f64::INFINITY)),
        "-Infinity" => return Ok(Value::Double(f64::NEG_INFINITY)),
        _ => {}
    }
    if !is_decimal(text) {
        return Err(bad(text, "number"));
    }
    match text.parse::<f64>() {
        Ok(number) if significant_digits(text) <= DOUBLE_DIGITS_MAX && number.is_finite() => {
            Ok(Value::Double(number))
        }
        Ok(_) => Ok(Value::Decimal(text.into())),
        Err(_) => Err(bad(text, "number")),
    }
}

/// Digits, a sign, a point, an exponent: what Rust reads beyond that (`inf`, `nan`) is no number
/// on the wire.
fn is_decimal(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'))
        && text.parse::<f64>().is_ok()
}

fn significant_digits(text: &str) -> usize {
    let mantissa = text.split(['e', 'E']).next().unwrap_or("");
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    if mantissa.contains('.') { digits.trim_end_matches('0').len() } else { digits.len() }
}

/// Writes a double the way JSON, XML and forms have it.
pub(super) fn write_double(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    // Debug, not Display: a whole number keeps its `.0`, a huge one its exponent.
    format!("{number:?}")
}

/// Writes a scalar as text; containers have none.
pub(super) fn write(value: &Value, format: TimestampFormat, ms_always: bool) -> Option<String> {
    Some(match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Double(number) => write_double(*number),
        Value::Decimal(text) => text.to_string(),
        Value::String(text) => text.clone(),
        Value::Blob(bytes) => base64(bytes),
        Value::Timestamp(at) => time::format(*at, format, ms_always),
        Value::Document(raw) => raw.get().to_owned(),
        Value::Null | Value::Stream | Value::List(_) | Value::Map(_) | Value::Structure(_) => {
            return None;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_sign() {
        for (text, read) in
            [("-5", Value::Integer(-5)), ("+5", Value::Integer(5)), ("1E3", Value::Integer(1_000))]
        {
            assert_eq!(number(ShapeKind::Integer, text), Ok(read), "{text}");
        }
        for text in ["--5", "+-5", "-", "5-", "1e", "inf", "nan", ""] {
            assert!(number(ShapeKind::Integer, text).is_err(), "{text}");
            assert!(number(ShapeKind::Double, text).is_err(), "{text}");
        }
    }
}
