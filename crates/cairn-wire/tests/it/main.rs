//! Tests of cairn-wire through its public face, in one binary.
#![allow(missing_docs)]

mod oracle;
mod sigv4;
