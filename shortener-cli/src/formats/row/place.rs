//! Where a link lives: its code and its domain, from columns of their own or from its short URL.

use shortener_core::wire::Violation;

use super::{Draft, Manner, Reading, Row};
use crate::formats::value::Given;

/// A short URL in parts.
struct Place {
    host: Option<String>,
    code: String,
}

impl Place {
    /// Parts of `https://host/code`, `host/code`, `/code` or `code`.
    fn of(text: &str) -> Self {
        let text = text.trim();
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        let (host, path) = match rest.split_once('/') {
            Some((host, path)) if !host.is_empty() => (Some(host.to_owned()), path),
            Some((_, path)) => (None, path),
            None => (None, rest),
        };
        let code = path.split(['?', '#']).next().unwrap_or_default().trim_matches('/').to_owned();
        Self { host, code }
    }
}

impl Draft<'_> {
    pub(super) fn code(&mut self, name: &str, given: Given<'_>) {
        let Some(code) = self.text(name, given) else { return };
        if self.reading.manner == Manner::Own || !code.contains('/') {
            self.request.code = Some(code.into_owned());
        } else {
            // Also /code, and whole URLs where a code is expected.
            self.short_url = Some(code.into_owned());
        }
    }

    pub(super) fn domain(&mut self, name: &str, given: Given<'_>) {
        self.request.domain = self.text(name, given).map(std::borrow::Cow::into_owned);
    }

    /// More short URLs; none that is the link's own.
    pub(super) fn alias(&mut self, given: Given<'_>) {
        match given {
            Given::Text(text) => self.aliases.push(text.into_owned()),
            Given::List(list) => self.aliases.extend(list.into_iter().map(str::to_owned)),
            _ => {}
        }
    }

    /// Decides about code and domain when all is known.
    pub(super) fn settle_place(&mut self) {
        if self.short_url.is_none() && self.request.code.is_none() && !self.aliases.is_empty() {
            self.short_url = Some(self.aliases.remove(0));
        }
        if let Some(short_url) = self.short_url.take() {
            let place = Place::of(&short_url);
            if self.request.code.is_none() {
                self.request.code = Some(place.code).filter(|code| !code.is_empty());
            }
            if self.request.domain.is_none() {
                self.request.domain = place.host;
            }
        }
        if self.request.domain.as_deref() == Some("-") {
            self.request.domain = None;
        }
        if !self.reading.keep_domains
            && let Some(domain) = self.request.domain.take()
        {
            self.lost.count(&format!("domain {domain} (its links go to the default domain)"));
        }
    }
}

/// `https://host/directory/code` without the directory.
pub(super) fn without_directory(url: &str) -> String {
    let Place { host, code } = Place::of(url);
    format!("{}/{}", host.unwrap_or_default(), code.rsplit('/').next().unwrap_or_default())
}

/// The row of another short URL of the first row's link; none if one of the rows has its place.
pub(super) fn alias_of(rows: &[Result<Row, Vec<Violation>>], alias: &str, reading: &Reading) -> Option<Row> {
    let Place { host, code } = Place::of(alias);
    let domain = host.filter(|_| reading.keep_domains);
    let mut taken = rows.iter().flatten().map(|row| (&row.request.code, &row.request.domain));
    if code.is_empty() || taken.any(|place| place == (&Some(code.clone()), &domain)) {
        return None;
    }
    let mut row = rows.first()?.as_ref().ok()?.clone();
    row.request.code = Some(code);
    row.request.domain = domain;
    Some(row)
}
