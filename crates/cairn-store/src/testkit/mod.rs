//! Contract suites and a simulated disk, for tests of this and other crates.
