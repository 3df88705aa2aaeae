//! A JavaScript engine with one CloudFront Function in it, unmodified.

use std::fmt::Debug;
use std::path::PathBuf;

use rquickjs::{Context, Function, Runtime};
use serde_json::{Value, json};

/// What one run may take: many times what the functions need, and little enough that a loop without end fails.
const MEMORY_BYTES: usize = 16 << 20;

/// Calls the handler as the runtime does.
const CALLER: &str = include_str!("caller.js");

/// One of the two functions, ready to be called.
pub(crate) struct Engine {
    context: Context,
}

impl Engine {
    pub(crate) fn viewer_request() -> Self {
        Self::load("viewer-request.js")
    }

    pub(crate) fn viewer_response() -> Self {
        Self::load("viewer-response.js")
    }

    fn load(file: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        runtime.set_memory_limit(MEMORY_BYTES);
        let context = Context::full(&runtime).unwrap();
        context.with(|ctx| {
            ctx.eval::<(), _>(source(file)).unwrap();
            ctx.eval::<(), _>(CALLER).unwrap();
        });
        Self { context }
    }

    /// What a table of events finds wrong with the function.
    pub(crate) fn failures(&self, table: &str) -> Vec<String> {
        self.context.with(|ctx| {
            let found = ctx.eval::<(), _>(table).and_then(|()| ctx.eval("failures()"));
            found.unwrap_or_else(|error| panic!("{error}: {:?}", ctx.catch().as_exception()))
        })
    }

    /// What the handler returns for an event; `null` stands for `undefined`. The clock stands at `now_ms`.
    ///
    /// A `rawQueryString` in the event's request becomes the method that the runtime has; `null` is no query at all.
    ///
    /// # Panics
    /// If the handler throws: the visitor would get a 503.
    pub(crate) fn call(&self, event: &Value, now_ms: i64) -> Value {
        let returned: String = self.context.with(|ctx| {
            let call: Function<'_> = ctx.globals().get("callWithText").unwrap();
            #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are exact in a double")]
            call.call((event.to_string(), now_ms as f64)).unwrap_or_else(|error| {
                panic!("the handler throws for {event}: {error}: {:?}", ctx.catch().as_exception())
            })
        });
        let mut returned: Value = serde_json::from_str(&returned).unwrap();
        returned.get_mut("returned").map_or(json!(null), Value::take)
    }
}

/// The text of a function.
pub(crate) fn source(file: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../infra/modules/shortener/functions", file].iter().collect();
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}
