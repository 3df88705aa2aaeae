//! What can follow an answer: links of the document from one operation to another (OpenAPI 3.1, Link Object).

use utoipa::openapi::RefOr;
use utoipa::openapi::link::Link;
use utoipa::openapi::path::Operation;

/// A parameter of the operation that follows, and where in the answer its value is.
type Parameter = (&'static str, &'static str);

const LINK: &[Parameter] = &[("path.code", "$response.body#/code"), ("query.domain", "$response.body#/domain")];
const KEY: &[Parameter] = &[("path.id", "$response.body#/id")];
const DOMAIN: &[Parameter] = &[("path.domain", "$response.body#/domain")];

/// What can follow an operation that succeeded, with the parameters it takes from the answer.
fn followers(operation_id: &str) -> (&'static [&'static str], &'static [Parameter]) {
    match operation_id {
        "createLink" => (&["getLink", "updateLink", "deleteLink", "getLinkHistory", "getLinkStats"], LINK),
        "updateLink" | "restoreLink" => (&["getLink", "updateLink", "deleteLink", "getLinkHistory"], LINK),
        "deleteLink" => (&["getLink", "restoreLink", "getLinkHistory", "getLinkStats"], LINK),
        "createKey" | "rotateKey" => (&["rotateKey", "revokeKey"], KEY),
        "setDomain" => (&["setDomain", "removeDomain"], DOMAIN),
        _ => (&[], &[]),
    }
}

/// Adds to each successful answer what can follow it.
pub(super) fn add(operation: &mut Operation) {
    let (followers, parameters) = followers(operation.operation_id.as_deref().unwrap_or_default());
    let answers = operation.responses.responses.iter_mut().filter(|(status, _)| status.starts_with('2'));
    for (_, answer) in answers {
        let RefOr::T(answer) = answer else { continue };
        for follower in followers {
            answer.links.insert((*follower).to_owned(), link(follower, parameters).into());
        }
    }
}

fn link(operation_id: &str, parameters: &[Parameter]) -> Link {
    let link = Link::builder().operation_id(operation_id);
    parameters.iter().fold(link, |link, (name, value)| link.parameter(*name, *value)).build()
}
