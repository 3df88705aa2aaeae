//! A document as a tree whose every value knows its place, whichever format it was written in.

use super::fault::Position;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) value: Value,
}

/// Reads a document as a tree, or says what is wrong with its syntax and where.
pub(super) type Parse = fn(&str) -> Result<Node, (Option<Position>, String)>;

/// What TOML and YAML can say.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    /// A number that is no integer of 64 bits.
    Number,
    Text(String),
    /// A date or a moment that the format itself knows, as it is written.
    Moment(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A named value of a table. The same name may come twice; whoever reads the table says so.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Where the name stands.
    pub(super) at: Position,
    pub(super) node: Node,
}

impl Value {
    /// The kind of value, as a message names it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean(_) => "true or false",
            Self::Integer(_) | Self::Number => "a number",
            Self::Text(_) => "text",
            Self::Moment(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}
