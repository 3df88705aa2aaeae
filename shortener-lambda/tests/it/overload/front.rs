//! What a server does with requests before they come to their routes, and where it does their work.

use shortener_lambda::server::Front;
use shortener_lambda::{App, router};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::runtime::Builder;

use super::api::FEW;
use super::hostile::{GET, Server, ask, create};
use crate::app::{REQUEST_ID, TestApp};

fn coded(key: &str, code: &str) -> String {
    let body = format!(r#"{{"target":"https://www.example.com","code":"{code}"}}"#);
    format!("{}x-request-id: {REQUEST_ID}\r\ncontent-length: {}\r\n\r\n{body}", create(key), body.len())
}

async fn answer(server: &Server, request: &str) -> String {
    ask(&mut server.connect().await, request).await
}

fn front(app: &App) -> Front {
    Front::new(app.clone(), router(app.clone()))
}

#[tokio::test]
async fn what_is_refused_before_the_routes_is_answered_as_behind_them() {
    let made = TestApp::setup().memory_first().with_turns(FEW).start().await;
    made.create_launch().await;
    let app = made.another_process(&made.table);
    let (before, behind) = (Server::of(front(&app)).await, Server::of(router(app)).await);
    assert!(answer(&before, GET).await.starts_with("HTTP/1.1 302 "));

    made.table.hang();
    let mut at_work: Vec<TcpStream> = Vec::new();
    for number in 0..FEW.writes {
        let mut stream = before.connect().await;
        stream.write_all(coded(&made.key, &format!("c{number}")).as_bytes()).await.unwrap();
        at_work.push(stream);
    }
    made.table.hanging(FEW.writes).await;
    tokio::time::sleep(FEW.burst).await;
    let request = coded(&made.key, "refused");
    let shown = |answer: String| -> Vec<String> {
        answer.lines().filter(|line| !line.starts_with("date: ")).map(str::to_owned).collect()
    };
    let refusal = shown(answer(&before, &request).await);
    assert!(refusal[0].starts_with("HTTP/1.1 503 ") && refusal.contains(&"retry-after: 1".to_owned()), "{refusal:?}");
    assert_eq!(refusal, shown(answer(&behind, &request).await));
    assert_eq!(made.table.calls(), FEW.writes, "a refused request has worked on the store");

    // What needs no store goes on, and what reads it has turns of its own.
    for (path, status) in [("launch", 302), ("api/v1/health", 200), ("api/v1/links", 401)] {
        let shown = answer(&before, &format!("GET /{path} HTTP/1.1\r\nhost: s.example\r\n\r\n")).await;
        assert!(shown.starts_with(&format!("HTTP/1.1 {status} ")), "{shown}");
    }

    made.table.heal();
    for mut stream in at_work {
        let made = ask(&mut stream, "").await;
        assert!(made.starts_with("HTTP/1.1 201 "), "{made}");
    }
    assert!(answer(&before, &request).await.starts_with("HTTP/1.1 201 "));
}

#[tokio::test]
async fn the_work_of_the_api_is_done_by_the_threads_that_are_there_for_it() {
    let made = TestApp::start().await;
    made.create_launch().await;
    let workers = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let app = made.another_process(&made.table).with_workers(workers.handle().clone());
    let server = Server::of(front(&app)).await;
    let first = answer(&server, &coded(&made.key, "first")).await;
    assert!(first.starts_with("HTTP/1.1 201 "), "{first}");

    made.table.hang();
    let mut second = server.connect().await;
    second.write_all(coded(&made.key, "second").as_bytes()).await.unwrap();
    made.table.hanging(1).await;
    workers.shutdown_background();
    let told = ask(&mut second, "").await;
    assert!(told.starts_with("HTTP/1.1 503 ") && told.contains("\"code\":\"outcome_unknown\""), "{told}");
    made.table.heal();
    assert!(answer(&server, GET).await.starts_with("HTTP/1.1 302 "), "redirects are the work of others");
}
