//! Ctrl-C in the middle of an import.
