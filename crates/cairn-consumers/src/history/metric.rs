//! History's metrics, each declared once.

const LACKS_ROOM: &str = "cairn_history_lacks_room";

/// Whether there was no room for the last slice: 1 or 0.
pub(super) fn lacks_room(lacks_room: bool) {
    metrics::gauge!(LACKS_ROOM).set(f64::from(u8::from(lacks_room)));
}
