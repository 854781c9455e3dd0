//! The crate from outside.

mod policy_cases;
mod policy_properties;
