//! Counting access logs: what is stored equals the truth, whatever happens on the way.

mod bad_input;
mod dropped;
mod leases;
mod missing;
mod mutants;
mod passes;
mod proof;
mod tables;
mod trouble;
mod world;
