//! Tests of cairn-wire through its public face, in one binary.
#![allow(missing_docs)]

mod codec;
mod oracle;
mod sigv2;
mod sigv4;
