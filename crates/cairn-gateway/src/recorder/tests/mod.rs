//! Calls as files with the records they must give, and published records against our names.

mod cases;
mod ec2;
mod fidelity;
mod forwarded;
mod naming;
mod secrets;
mod typed;
