//! Advice in the words of the command line: the service gives its own in those of the API.

use std::borrow::Cow;

use shortener_core::wire::{Problem, ProblemCode};

/// The problem with advice that names flags and commands, where there is any.
pub(crate) fn for_the_command_line(problem: &Problem) -> Cow<'_, Problem> {
    match hint(problem.code).filter(|_| problem.hint.is_some()) {
        Some(hint) => Cow::Owned(Problem { hint: Some(hint.to_owned()), ..problem.clone() }),
        None => Cow::Borrowed(problem),
    }
}

fn hint(code: ProblemCode) -> Option<&'static str> {
    match code {
        ProblemCode::CodeTaken => {
            Some("choose another code by --code, or print the link that has it with --if-exists return")
        }
        ProblemCode::CodeRetired => Some(
            "bring its link back with 'short restore' or 'short expire CODE --at never', choose another code by \
             --code, or take this one with --reissue",
        ),
        ProblemCode::VersionMismatch => Some("look at it again, then repeat the change with its version in --if-match"),
        ProblemCode::CursorInvalid => Some("begin again without --cursor"),
        ProblemCode::IdempotencyKeyReused => Some("use a new --idempotency-key for another link"),
        ProblemCode::OutcomeUnknown => Some(
            "look whether it was done; a create repeated with the same --idempotency-key never makes a second link",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_name_flags() {
        let taken = Problem::new(ProblemCode::CodeTaken, "x").with_hint("if_exists=return");
        assert!(for_the_command_line(&taken).hint.as_deref().unwrap().contains("--if-exists return"));
        let other = Problem::new(ProblemCode::NotFound, "x").with_hint("as it is");
        assert_eq!(for_the_command_line(&other).hint.as_deref(), Some("as it is"));
        let none = Problem::new(ProblemCode::CodeTaken, "x");
        assert_eq!(for_the_command_line(&none).hint, None);
    }
}
