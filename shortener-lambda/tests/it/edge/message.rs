//! Requests and answers on their way between visitor, edge and origin.

use std::collections::BTreeMap;

use axum::body::Bytes;
use http::Method;

/// A request, as a visitor sends it or as the edge passes it on.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    /// Names in lower case, without `host`; a name may come several times.
    pub(crate) headers: Vec<(String, String)>,
}

impl Request {
    /// A `GET` of a path, with its query if it has one, at the default domain.
    pub(crate) fn get(path_and_query: &str) -> Self {
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path_and_query, None),
        };
        let host = super::world::HOST.to_owned();
        Self { method: Method::GET, host, path: path.to_owned(), query, headers: Vec::new() }
    }

    pub(crate) fn method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    pub(crate) fn host(self, host: &str) -> Self {
        Self { host: host.to_owned(), ..self }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The first value of a header; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Bytes,
}

impl Response {
    /// An answer of the edge's own.
    pub(crate) fn of_the_edge(status: u16) -> Self {
        Self { status, headers: BTreeMap::new(), body: Bytes::new() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Where the visitor is sent; empty if nowhere.
    pub(crate) fn location(&self) -> &str {
        if (300..400).contains(&self.status) { self.header("location") } else { "" }
    }

    /// The same answer without what tells how old the copy is.
    pub(crate) fn without_age(mut self) -> Self {
        self.headers.remove("age");
        self
    }
}
