//! Credentials that end, or are refused, while a load is under way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use aws_credential_types::provider::{ProvideCredentials, future};

use super::*;

/// A source whose sets of credentials last for the seconds given, and later ones for an hour.
#[derive(Debug, Clone)]
struct Source {
    lasting: &'static [u64],
    asked: Arc<AtomicUsize>,
}

#[expect(clippy::disallowed_methods, reason = "the SDK looks at the system's clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

impl ProvideCredentials for Source {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let lasting = Duration::from_secs(self.lasting.get(number).copied().unwrap_or(3_600));
        let end = now() + lasting;
        future::ProvideCredentials::ready(Ok(Credentials::new("id", "secret", Some("token".into()), Some(end), "test")))
    }
}

impl Source {
    fn lasting(lasting: &'static [u64]) -> Self {
        Self { lasting, asked: Arc::default() }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn with_source(source: &Source) -> (InProcess, DynamoTable) {
    let (engine, _) = with_table().await;
    let config = engine.client(Limits::INTERACTIVE).config().to_builder();
    let client = Client::from_conf(config.credentials_provider(source.clone()).build());
    (engine, DynamoTable::from_client(&client, "short").inserting_by(InsertBy::Statements { in_flight: 4 }))
}

#[tokio::test]
async fn credentials_are_renewed_before_they_end() {
    // The SDK renews what ends within ten seconds.
    let source = Source::lasting(&[2, 3]);
    let (_engine, table) = with_source(&source).await;
    for (first, asked) in [(0, 1), (1, 2), (2, 3), (3, 3)] {
        assert_eq!(table.insert_many(&[item(&first.to_string())]).await.unwrap(), [Inserted::Inserted]);
        assert_eq!(source.asked(), asked);
    }
}

#[tokio::test]
async fn a_session_that_is_refused_in_the_middle_of_a_load_is_renewed_once_for_all() {
    for fault in [Fault::ExpiredToken, Fault::UnknownKey] {
        let source = Source::lasting(&[]);
        let (engine, table) = with_source(&source).await;
        table.insert_many(&items(10)).await.unwrap();
        engine.inject(Some("BatchExecuteStatement"), fault, 3);
        let inserted = table.insert_many(&items(500)).await.unwrap();
        assert_eq!(inserted.iter().filter(|inserted| **inserted == Inserted::Inserted).count(), 490);
        engine.inject(Some("GetItem"), fault, 1);
        assert_eq!(read(&table, "499").await, Some(item("499")));
        assert_eq!(source.asked(), 2, "{fault:?}: one session was refused, however often");
    }
}

#[tokio::test]
async fn a_counter_is_added_to_once_although_the_session_is_renewed() {
    let source = Source::lasting(&[]);
    let (engine, table) = with_source(&source).await;
    engine.inject(Some("UpdateItem"), Fault::ExpiredToken, 1);
    assert_eq!(table.add(&Key::new("QUOTA#a", "QUOTA"), "used", 1, 10).await.unwrap(), Added::Now(1));
    assert_eq!((source.asked(), names(&engine)), (2, vec!["UpdateItem".to_owned(); 2]));
}

#[tokio::test]
async fn a_key_that_is_wrong_is_given_up_and_named() {
    let source = Source::lasting(&[]);
    let (engine, table) = with_source(&source).await;
    engine.inject(None, Fault::UnknownKey, usize::MAX);
    let error = table.insert_many(&items(1)).await.unwrap_err();
    assert!(matches!(&error, TableError::AccessDenied(text) if text.contains("not known")), "{error:?}");
    assert_eq!((names(&engine).len(), source.asked()), (3, 2));
}
