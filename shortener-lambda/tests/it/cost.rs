//! The most that a request can cost, by route, and what a million hostile ones cost.
//!
//! What is asked for is the worst that each route takes: the largest links, the longest lists with filters that nothing
//! matches, the widest ranges, the largest batch. `PROOF_COST_LINKS` is how many largest links there are (660): the long
//! form, `scripts/prove/cost-ceiling`, has as many as a page of 1,000 looks at.

#[path = "cost/ceilings.rs"]
mod ceilings;
#[path = "cost/hostile.rs"]
mod hostile;
#[path = "cost/metered.rs"]
mod metered;
#[path = "cost/world.rs"]
mod world;
