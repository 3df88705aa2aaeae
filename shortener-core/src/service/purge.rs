//! What becomes of the edge's copies when a link changes: the rule, written once for every way to change a link.
//!
//! A change is acknowledged whatever its purge does; the answer says what became of it. A change that turns out to have
//! been made before, or to change nothing, purges all the same: the reply, and with it the purge, may have been lost.

use std::error::Error as _;

use super::Session;
use crate::edge::{EdgeCache, EdgeError, EdgePath, PurgeId, PurgeReference};
use crate::operations::{Mode, WriteOptions};
use crate::table::keys::hex;
use crate::wire::{CreateLink, Created, Link, Problem, ProblemCode, Purge, Role, UpdateLink};

/// Whether visitors can notice a change: of anything but title, tags and imported clicks, which no answer that the edge holds shows.
pub(super) fn is_noticed(change: &UpdateLink) -> bool {
    let unnoticed = UpdateLink {
        title: change.title.clone(),
        tags: change.tags.clone(),
        add_tags: change.add_tags.clone(),
        remove_tags: change.remove_tags.clone(),
        imported_clicks: change.imported_clicks,
        ..UpdateLink::default()
    };
    *change != unnoticed
}

/// Whether a create took over the code of a link whose life was over, so that the edge may hold its 410. Of a code that
/// was free it holds a 404 for 5 s at most.
pub(super) fn is_reissue(request: &CreateLink, created: Created, link: &Link) -> bool {
    request.reissue && created != Created::Existing && link.version > 1
}

impl Session {
    /// The link that the edge is told to forget, with what became of that.
    pub(super) async fn purged(&self, mut link: Link, options: &WriteOptions) -> Link {
        self.purge(&mut [&mut link], options).await;
        link
    }

    /// Purges links in one request and notes on each what became of it; nothing without an edge or in a dry run.
    pub(super) async fn purge(&self, links: &mut [&mut Link], options: &WriteOptions) {
        let Some(edge) = self.edge().filter(|_| options.mode == Mode::Apply && !links.is_empty()) else { return };
        let purge = self.begin_purge(edge, links, options).await;
        for link in links {
            link.purge = Some(purge.clone());
        }
    }

    async fn begin_purge(&self, edge: &dyn EdgeCache, links: &[&mut Link], options: &WriteOptions) -> Purge {
        let mut paths: Vec<_> = links.iter().map(|link| EdgePath::of_link(&link.code)).collect();
        paths.sort();
        paths.dedup();
        let reference = self.reference(links, options).await;
        match edge.purge(&paths, &reference).await {
            Ok(begun) => {
                tracing::debug!(id = %begun.id, paths = paths.len(), "purging the edge");
                begun.into()
            }
            Err(error) => {
                tracing::warn!(%error, cause = cause(&error), "the edge was not purged");
                Purge::failed(error.to_string())
            }
        }
    }

    /// The same for each sending of one request, and for no other: a repeated command purges again.
    ///
    /// It holds the version and time of each link, because one key may be used for several links, and because a table
    /// that was restored from a backup gives the same versions a second time.
    async fn reference(&self, links: &[&mut Link], options: &WriteOptions) -> PurgeReference {
        let service = self.service();
        let key = options.idempotency_key.as_deref();
        let token = match (key, service.secret().await) {
            (Some(key), Ok(secret)) => {
                let state = |link: &&mut Link| {
                    format!("{}#{}#{}#{}", link.domain, link.code.as_str(), link.version, link.updated_at)
                };
                let states: Vec<_> = links.iter().map(state).collect();
                let mut parts = vec!["purge", self.caller().actor().as_str(), key];
                parts.extend(states.iter().map(String::as_str));
                secret.token(&parts)
            }
            // Without its secret, the change is purged all the same; only a repetition costs a second purge.
            (None, _) | (Some(_), Err(_)) => hex(&service.codes.entropy()[..16]),
        };
        PurgeReference::of_token(&token)
    }

    /// How far a purge is.
    pub(super) async fn progress_of(&self, id: &PurgeId) -> Result<Purge, Problem> {
        self.caller().require(Role::Editor)?;
        let none = || Problem::new(ProblemCode::NotFound, "there are no purges: no edge is configured");
        match self.edge().ok_or_else(none)?.progress(id).await {
            Ok(progress) => Ok(Purge::at(id.clone(), progress)),
            Err(error) => {
                tracing::warn!(%error, cause = cause(&error), "the edge does not say how far a purge is");
                Err(error.into())
            }
        }
    }
}

fn cause(error: &EdgeError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}
