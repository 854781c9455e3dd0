//! Buckets that are sound, and every way in which somebody may spoil them.

mod anchors;
mod beside;
mod floods;
mod places;
mod spoil;
mod tamper;
mod times;
mod world;
