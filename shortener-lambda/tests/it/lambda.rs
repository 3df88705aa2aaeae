//! The release binary as Lambda runs it: invoked through the Runtime API, with a DynamoDB engine behind it.

pub(crate) mod harness;

mod redirects;
