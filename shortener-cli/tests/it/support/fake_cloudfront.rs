//! CloudFront on a loopback port, as far as invalidations of one distribution go.

use std::io::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use super::fake_api::{answer, read_request};

/// The id of its one distribution.
pub(crate) const DISTRIBUTION: &str = "EDFDVBD632BHDS5";

/// The service. Its thread ends with the test process.
pub(crate) struct FakeCloudFront {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

/// How invalidations go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// They are completed when they are asked for so often.
    CompletedAfter(usize),
    /// They never end.
    Endless,
    /// The credentials do not allow them.
    Denied,
    /// They are made, and nobody may ask for them.
    Unwatched,
}

#[derive(Debug)]
struct State {
    course: Course,
    invalidations: Vec<Invalidation>,
}

#[derive(Debug, Clone)]
struct Invalidation {
    reference: String,
    paths: Vec<String>,
    asked: usize,
}

impl FakeCloudFront {
    pub(crate) fn start(course: Course) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { course, invalidations: Vec::new() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let answer = shared.lock().unwrap().answer(&read_request(&mut stream));
                // The command may have gone away.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { url, state }
    }

    /// The paths of each invalidation made.
    pub(crate) fn paths(&self) -> Vec<Vec<String>> {
        self.state.lock().unwrap().invalidations.iter().map(|made| made.paths.clone()).collect()
    }
}

impl State {
    fn answer(&mut self, request: &str) -> String {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let Some(rest) = path.strip_prefix(&format!("/2020-05-31/distribution/{DISTRIBUTION}/invalidation")) else {
            return refusal(404, "NoSuchDistribution");
        };
        let reading = request.starts_with("GET ");
        match self.course {
            Course::Denied => refusal(403, "AccessDenied"),
            Course::Unwatched if reading => refusal(403, "AccessDenied"),
            _ if reading => self.read(rest.trim_start_matches('/')),
            _ => self.make(request),
        }
    }

    fn make(&mut self, request: &str) -> String {
        let reference = between(request, "<CallerReference>", "</CallerReference>").remove(0);
        let paths = between(request, "<Path>", "</Path>");
        let known = self.invalidations.iter().position(|made| made.reference == reference);
        let at = known.unwrap_or_else(|| {
            self.invalidations.push(Invalidation { reference, paths, asked: 0 });
            self.invalidations.len() - 1
        });
        self.show(201, at)
    }

    fn read(&mut self, id: &str) -> String {
        let at = id.strip_prefix('I').and_then(|number| number.parse::<usize>().ok()?.checked_sub(1));
        match at.filter(|at| *at < self.invalidations.len()) {
            Some(at) => {
                self.invalidations[at].asked += 1;
                self.show(200, at)
            }
            None => refusal(404, "NoSuchInvalidation"),
        }
    }

    fn show(&self, status: u16, at: usize) -> String {
        let made = &self.invalidations[at];
        let done = matches!(self.course, Course::CompletedAfter(times) if made.asked >= times);
        let (id, progress) = (at + 1, if done { "Completed" } else { "InProgress" });
        let items = format!("<Path>{}</Path>", made.paths.join("</Path><Path>"));
        let body = format!(
            "<?xml version=\"1.0\"?><Invalidation xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\
             <Id>I{id}</Id><Status>{progress}</Status><CreateTime>2026-11-24T12:00:00.000Z</CreateTime>\
             <InvalidationBatch><Paths><Quantity>{}</Quantity><Items>{items}</Items></Paths>\
             <CallerReference>{}</CallerReference></InvalidationBatch></Invalidation>",
            made.paths.len(),
            made.reference
        );
        answer(status, "text/xml", &body)
    }
}

fn refusal(status: u16, code: &str) -> String {
    let body = format!(
        "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Error>\
         <Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    );
    answer(status, "text/xml", &body)
}

/// Every text between two marks.
fn between(text: &str, from: &str, to: &str) -> Vec<String> {
    let parts = text.split(from).skip(1);
    parts.filter_map(|part| part.split_once(to)).map(|(inside, _)| inside.to_owned()).collect()
}
