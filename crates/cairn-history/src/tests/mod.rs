//! Tests of history as a whole.

mod corpus;
mod crash;
mod damage;
mod model;
mod retention;
mod search;
mod support;
