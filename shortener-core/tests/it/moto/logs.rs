//! Access logs in moto's S3. Its CloudWatch does not speak the protocol of today's SDK: `tests/it/requests.rs` does.

use aws_sdk_s3::Client;
use shortener_core::ingest::{LogFile, LogSource, S3Logs, S3Place, SourceError};
use shortener_core::stats::Hour;

use super::Moto;
use crate::logs;

fn hour(text: &str) -> Hour {
    Hour::parse(text).unwrap()
}

fn place(folder: &str) -> S3Place {
    S3Place::parse(&format!("s3://access-logs/{folder}")).unwrap()
}

/// A bucket with logs of both layouts, and what else lies about.
async fn fill(client: &Client, keys: &[String]) {
    client.create_bucket().bucket("access-logs").send().await.unwrap();
    for key in keys {
        let body = format!("of {key}").into_bytes().into();
        client.put_object().bucket("access-logs").key(key).body(body).send().await.unwrap();
    }
}

async fn names(logs: &S3Logs, hours: Option<(&str, &str)>) -> Vec<String> {
    let hours = hours.map(|(first, last)| hour(first)..=hour(last));
    let mut names: Vec<_> = logs.list(hours).await.unwrap().into_iter().map(|file| file.location).collect();
    names.sort();
    names
}

async fn read(logs: &S3Logs, file: &LogFile) -> Result<String, SourceError> {
    let mut text = String::new();
    logs.open(file).await?.read_to_string(&mut text).unwrap();
    Ok(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_by_hour_are_listed_and_read_on_moto() {
    let moto = Moto::start();
    let config = logs::s3_config(&moto.url);
    let client = Client::from_conf(config.clone().force_path_style(true).build());
    let key = |day: u8, hour: u8, id: &str| {
        format!("edge/2026/11/{day:02}/{hour:02}/E2EXAMPLE.2026-11-{day:02}-{hour:02}.{id}.gz")
    };
    let mut keys: Vec<String> = (0..24).map(|hour| key(25, hour, "a")).collect();
    keys.extend([key(26, 0, "a"), key(26, 0, "b"), key(26, 1, "c"), "edge/aws-write-test".to_owned()]);
    fill(&client, &keys).await;

    let logs = S3Logs::from_config(config.clone(), place("edge"));
    assert_eq!(names(&logs, None).await, keys[..27]);
    assert_eq!(names(&logs, Some(("2026-11-25-23", "2026-11-26-00"))).await, keys[23..26]);
    assert_eq!(names(&logs, Some(("2026-11-25-03", "2026-11-26-01"))).await, keys[3..27]);
    assert_eq!(names(&logs, Some(("2026-11-27-00", "2026-11-27-09"))).await, [""; 0]);
    assert_eq!(names(&S3Logs::from_config(config.clone(), place("ed")), None).await, [""; 0]);

    let file = &logs.list(Some(hour("2026-11-26-01")..=hour("2026-11-26-01"))).await.unwrap()[0];
    assert_eq!((file.name.as_str(), file.bytes), ("E2EXAMPLE.2026-11-26-01.c.gz", 50));
    assert_eq!(read(&logs, file).await.unwrap(), format!("of {}", keys[26]));
    let small = logs.clone().reading_at_most(49);
    assert!(matches!(read(&small, file).await, Err(SourceError::Refused { reason, .. }) if reason.contains("larger")));

    client.put_object().bucket("access-logs").key(&keys[26]).body(b"other".to_vec().into()).send().await.unwrap();
    assert!(matches!(read(&logs, file).await, Err(SourceError::Unavailable { .. })));
    client.delete_object().bucket("access-logs").key(&keys[26]).send().await.unwrap();
    assert!(matches!(read(&logs, file).await, Err(SourceError::Refused { reason, .. }) if reason.contains("any more")));
    let missing = S3Logs::from_config(config, S3Place::parse("s3://no-such-bucket/").unwrap());
    let told = missing.list(None).await.unwrap_err().to_string();
    assert_eq!(told, "s3://no-such-bucket/: there is no such bucket");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_logs_beside_each_other_are_listed_on_moto() {
    let moto = Moto::start();
    let config = logs::s3_config(&moto.url);
    let client = Client::from_conf(config.clone().force_path_style(true).build());
    let key = |distribution: &str, day: u32, id: u32| format!("{distribution}.2026-11-{day:02}-04.{id:04}.gz");
    let days = 1..=25;
    let mut keys: Vec<String> = days.clone().flat_map(|day| (0..50).map(move |id| key("E1", day, id))).collect();
    keys.extend(days.map(|day| key("E2", day, 0)));
    fill(&client, &keys).await;
    let logs = S3Logs::from_config(config, place(""));
    assert_eq!(names(&logs, None).await, keys);
    for (day, count) in [(1, 51), (20, 51), (21, 51), (25, 51), (26, 0)] {
        let name = format!("2026-11-{day:02}-04");
        let found = names(&logs, Some((&name, &name))).await;
        assert!(found.len() == count && found.iter().all(|key| key.contains(&name)), "{day}: {found:?}");
    }
}
