//! Calls as files with the records they must give, and published records against our names.

mod cases;
mod fidelity;
mod forwarded;
mod secrets;
mod typed;
