//! What becomes of an embedded file when the disk fails, fills up or loses its power: `shim.c` stands between the
//! command and the C library.

mod cuts;
mod descriptors;
mod faults;
mod image;
mod journal;
mod model;
mod nth;
mod power_loss;
mod seed;
mod shim;
mod states;
mod workload;

pub(crate) use seed::Seed;
