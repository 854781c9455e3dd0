//! The segment log on a simulated disk: what is there after every fault, and after loss of power.

mod checker;
mod contract;
mod crash;
mod damage;
mod faults;
mod world;
