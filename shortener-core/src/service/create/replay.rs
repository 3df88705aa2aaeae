//! Creates under an idempotency key that the rules refuse by now.

use super::super::directory::Directory;
use super::super::{Caller, Service, ServiceError};
use super::identity::digest;
use crate::link::ShortCode;
use crate::operations::WriteOptions;
use crate::wire::{CreateLink, Link};

impl Service {
    /// The link that this very request created earlier, if it did.
    pub(super) async fn replay(
        &self,
        caller: &Caller,
        request: &CreateLink,
        options: &WriteOptions,
        directory: &Directory,
    ) -> Result<Option<Link>, ServiceError> {
        let (Some(key), Ok(entry)) = (&options.idempotency_key, directory.find(request.domain.as_deref())) else {
            return Ok(None);
        };
        // A create that is named by its content has no key.
        if request.occurrence.is_some() {
            return Ok(None);
        }
        let code = match request.code.as_deref().map(ShortCode::parse) {
            Some(Ok(code)) => code,
            Some(Err(_)) => return Ok(None),
            None => {
                let entropy = self.keyed_entropy(caller, key, &entry.domain, "0").await?;
                let length = request.code_length.unwrap_or(entry.code_length);
                match ShortCode::from_entropy(caller.code_prefix(), &entropy, length) {
                    Ok(code) => code,
                    Err(_) => return Ok(None),
                }
            }
        };
        let token = self.keyed_token(caller, key).await?;
        let found = self.read_link(&entry.domain, &code).await?;
        let ours = found.filter(|found| {
            found.body.create_token == token
                && found.body.request_digest.as_deref() == Some(digest(request, &entry.domain).as_str())
        });
        Ok(ours.map(|found| found.view(&entry.base_url, self.now())))
    }
}
