//! Who may do what: every route, method, role, scope and place, and every trick to get around them, each cell asserted with
//! its status and, where it is refused, with a table that nothing was written to.
//!
//! What must come out is said a second time in `rules`, by other means than the router and the service use: from the
//! OpenAPI document's operations, each of which needs a rule there, or the tests fail.

#[path = "authorisation/bodies.rs"]
mod bodies;
#[path = "authorisation/callers.rs"]
mod callers;
#[path = "authorisation/cells.rs"]
mod cells;
#[path = "authorisation/credentials.rs"]
mod credentials;
#[path = "authorisation/fields.rs"]
mod fields;
#[path = "authorisation/lists.rs"]
mod lists;
#[path = "authorisation/places.rs"]
mod places;
#[path = "authorisation/repeats.rs"]
mod repeats;
#[path = "authorisation/rules.rs"]
mod rules;
#[path = "authorisation/tricks.rs"]
mod tricks;
#[path = "authorisation/watched.rs"]
mod watched;
#[path = "authorisation/wire.rs"]
mod wire;
#[path = "authorisation/world.rs"]
mod world;
