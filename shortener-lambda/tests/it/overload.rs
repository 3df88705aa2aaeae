//! More than the server can do, and clients that mean no good: everything has a bound, and the others are served.

mod api;
mod connections;
mod front;
mod hostile;
