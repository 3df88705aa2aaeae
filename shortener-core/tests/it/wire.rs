//! Faults on the wire between the real SDK and the emulator: what a table makes of them, and the service above it.

mod calls;
mod chance;
mod faults;
mod network;
mod service;
mod table;
