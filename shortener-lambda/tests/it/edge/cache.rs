//! One tier of the cache.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use http::Method;
use shortener_core::clock::Clock;

use super::habits::{Habits, Superseded};
use super::lifetimes::{Lifetimes, Usable};
use super::message::{Request, Response};
use super::origin::{Origin, Unreachable};

/// A shared cache in front of an origin, or of another cache.
pub(crate) struct Cache {
    origin: Rc<dyn Origin>,
    clock: Arc<dyn Clock>,
    habits: Habits,
    entries: RefCell<HashMap<Key, Entry>>,
}

/// The cache key: the host that the viewer-request function names, and the path. Answers to `HEAD` have no body, so they
/// cannot answer a `GET`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    method: Method,
    host: String,
    path: String,
}

#[derive(Debug, Clone)]
struct Entry {
    response: Response,
    lifetimes: Lifetimes,
    /// When an answer of no age would have come, in milliseconds since 1970.
    born_ms: i64,
}

impl Key {
    fn of(request: &Request, method: &Method) -> Self {
        let host = request.header("x-forwarded-host").to_owned();
        Self { method: method.clone(), host, path: request.path.clone() }
    }
}

impl Entry {
    fn age_ms(&self, now_ms: i64) -> i64 {
        now_ms - self.born_ms
    }

    /// The answer as it is served at some age, which it tells (RFC 9111, section 5.1).
    fn served(mut self, age_ms: i64) -> Response {
        self.response.headers.insert("age".to_owned(), (age_ms / 1000).to_string());
        self.response
    }
}

impl Cache {
    pub(crate) fn new(origin: Rc<dyn Origin>, clock: Arc<dyn Clock>, habits: Habits) -> Self {
        Self { origin, clock, habits, entries: RefCell::default() }
    }

    /// Drops what is stored under a path, or under all paths that begin so if it ends in `*`.
    pub(crate) fn invalidate(&self, path: &str) {
        let is_meant = |key: &Key| match path.strip_suffix('*') {
            Some(beginning) => key.path.starts_with(beginning),
            None => key.path == path,
        };
        self.entries.borrow_mut().retain(|key, _| !is_meant(key));
    }

    /// The youngest stored answer to a request: a `HEAD` may be answered from a `GET`.
    fn find(&self, request: &Request) -> Option<Entry> {
        let entries = self.entries.borrow();
        let methods = [&Method::GET, &request.method];
        methods.iter().filter_map(|method| entries.get(&Key::of(request, method))).max_by_key(|e| e.born_ms).cloned()
    }

    async fn ask(&self, request: &Request) -> Result<Response, Unreachable> {
        let response = self.origin.answer(request).await?;
        self.store(request, &response);
        Ok(response)
    }

    fn store(&self, request: &Request, response: &Response) {
        let (key, mut entries) = (Key::of(request, &request.method), self.entries.borrow_mut());
        match Lifetimes::of(response, self.habits) {
            // An error that may be served again for no time at all takes the place of no copy.
            Some(_) if response.status >= 500 => {}
            Some(lifetimes) => {
                let age_seconds: i64 = response.header("age").parse().unwrap_or(0);
                let born_ms = self.now_ms() - age_seconds * 1000;
                entries.insert(key, Entry { response: response.clone(), lifetimes, born_ms });
            }
            None if response.status < 500 && self.habits.superseded == Superseded::Dropped => {
                entries.remove(&key);
            }
            None => {}
        }
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}

#[async_trait(?Send)]
impl Origin for Cache {
    async fn answer(&self, request: &Request) -> Result<Response, Unreachable> {
        let Some(entry) = self.find(request) else { return self.ask(request).await };
        let age_ms = entry.age_ms(self.now_ms());
        match entry.lifetimes.usable(age_ms, self.habits) {
            Usable::Fresh => Ok(entry.served(age_ms)),
            Usable::WhileRevalidating => {
                // In the background: whatever comes of it, this visitor has the stale answer.
                let _ = self.ask(request).await;
                Ok(entry.served(age_ms))
            }
            Usable::Never => self.ask(request).await,
            Usable::OnError => match self.ask(request).await {
                Ok(response) if response.status < 500 => Ok(response),
                _failed => Ok(entry.served(age_ms)),
            },
        }
    }
}
