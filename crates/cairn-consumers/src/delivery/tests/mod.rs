//! Delivery over a real log and real small state, with buckets in memory and a clock of its own:
//! whatever fails, every committed record that a trail selects is in its bucket once.

mod broken;
mod checker;
mod faults;
mod limits;
mod sites;
mod spans;
mod trails;
pub(super) mod world;
