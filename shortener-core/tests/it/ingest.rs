//! Counting access logs: what is stored equals the truth, whatever happens on the way.

mod bad_input;
mod claims;
mod dropped;
mod future;
mod leases;
mod missing;
mod mutants;
mod passes;
mod proof;
mod reissued;
mod requests;
mod tables;
mod trouble;
mod world;
