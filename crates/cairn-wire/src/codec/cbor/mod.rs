//! Smithy RPC v2 CBOR, and the older `application/x-amz-cbor-1.1` of Kinesis and DynamoDB: the
//! JSON protocols' structures in CBOR, the older one with timestamps in milliseconds.

mod item;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub(super) use read::{error_fields, structure};
pub(super) use write::{encode, error};

/// Which of the two dialects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `rpc-v2-cbor`: timestamps are tag 1 with seconds.
    RpcV2,
    /// `application/x-amz-cbor-1.1`: timestamps are tag 1, or nothing, with milliseconds.
    Legacy,
}
