//! Tests of history as a whole.

mod clusters;
mod corpus;
mod crash;
mod damage;
mod known;
mod model;
mod retention;
mod room;
mod search;
mod support;
