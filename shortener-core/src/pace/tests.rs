use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::*;

const ROUND_TRIP: Duration = Duration::from_millis(30);

/// A server that answers after a round trip, and throttles what arrives while so many requests are under way.
#[derive(Debug, Default)]
struct Server {
    bears: AtomicUsize,
    under_way: AtomicUsize,
    most: AtomicUsize,
    throttled: AtomicUsize,
}

impl Server {
    fn bearing(requests: usize) -> Arc<Self> {
        Arc::new(Self { bears: AtomicUsize::new(requests), ..Self::default() })
    }

    /// Whether the request was done.
    async fn ask(&self) -> bool {
        let before = self.under_way.fetch_add(1, Ordering::Relaxed);
        self.most.fetch_max(before + 1, Ordering::Relaxed);
        let is_done = before < self.bears.load(Ordering::Relaxed);
        tokio::time::sleep(ROUND_TRIP).await;
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        self.throttled.fetch_add(usize::from(!is_done), Ordering::Relaxed);
        is_done
    }
}

/// Makes requests until each is done; returns the time it took and the widths seen on the way.
async fn load(server: &Arc<Server>, pace: &Pace, requests: usize) -> (Duration, Vec<usize>) {
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..requests {
        let (server, pace) = (Arc::clone(server), pace.clone());
        tasks.spawn(async move {
            let mut backoff = Backoff::new(Patience { repetitions: 1_000, ..Patience::BULK });
            loop {
                let permit = pace.acquire().await;
                let is_done = server.ask().await;
                let width = pace.width();
                if is_done {
                    permit.succeeded();
                    return width;
                }
                permit.throttled();
                backoff.pause().await.unwrap();
            }
        });
    }
    let mut widths = Vec::with_capacity(requests);
    while let Some(width) = tasks.join_next().await {
        widths.push(width.unwrap());
    }
    (begin.elapsed(), widths)
}

#[tokio::test(start_paused = true)]
async fn the_pace_settles_around_what_the_server_bears() {
    for bears in [1, 3, 10, 50] {
        let (server, pace) = (Server::bearing(bears), Pace::new(200));
        let requests = 200 * bears;
        let (time, widths) = load(&server, &pace, requests).await;
        let settled = &widths[requests / 2..];
        let mean = settled.iter().sum::<usize>() / settled.len();
        assert!((bears.div_ceil(2)..=bears + 1).contains(&mean), "{mean} for {bears}");
        assert!(settled.iter().all(|width| *width <= bears + 2), "{bears}: {:?}", settled.iter().max());
        let ideal = ROUND_TRIP * 200;
        assert!(time < ideal * 2, "{bears}: {time:?} for {ideal:?}");
        let throttled = server.throttled.load(Ordering::Relaxed);
        assert!(throttled * 4 < requests || bears == 1, "{bears}: {throttled} of {requests}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_able_server_is_given_the_ceiling_and_never_more() {
    let (server, pace) = (Server::bearing(usize::MAX), Pace::new(20));
    let (time, _) = load(&server, &pace, 2_000).await;
    assert_eq!((pace.width(), server.most.load(Ordering::Relaxed)), (20, 20));
    assert!(time < ROUND_TRIP * (2_000 / 20 + 5), "slow start costs few round trips: {time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_recovers_is_given_more_again() {
    let (server, pace) = (Server::bearing(2), Pace::new(16));
    load(&server, &pace, 200).await;
    assert!(pace.width() <= 3);
    server.bears.store(usize::MAX, Ordering::Relaxed);
    load(&server, &pace, 2_000).await;
    assert_eq!(pace.width(), 16);
}

#[tokio::test(start_paused = true)]
async fn one_round_of_throttles_halves_once_and_never_below_one() {
    let pace = Pace::new(4);
    for expected in [2, 1, 1] {
        let mut permits = Vec::new();
        for _ in 0..pace.width() {
            permits.push(pace.acquire().await);
        }
        permits.into_iter().for_each(Permit::throttled);
        assert_eq!(pace.width(), expected);
    }
    let only = pace.acquire().await;
    assert!(tokio::time::timeout(ROUND_TRIP, pace.acquire()).await.is_err(), "one is under way");
    only.succeeded();
    tokio::time::timeout(ROUND_TRIP, pace.acquire()).await.unwrap().succeeded();
}

#[tokio::test(start_paused = true)]
async fn requests_that_never_end_well_give_their_place_back() {
    let pace = Pace::new(2);
    let [first, second] = [pace.acquire().await, pace.acquire().await];
    let waiting = tokio::spawn({
        let pace = pace.clone();
        async move { pace.acquire().await }
    });
    tokio::task::yield_now().await;
    waiting.abort();
    drop((first, second));
    for _ in 0..10 {
        drop(tokio::time::timeout(ROUND_TRIP, pace.acquire()).await.unwrap());
    }
    assert_eq!(pace.width(), 2, "no verdict, no change");
}

#[tokio::test(start_paused = true)]
async fn a_width_that_is_not_used_does_not_grow() {
    let pace = Pace::new(100);
    for _ in 0..50 {
        pace.acquire().await.succeeded();
    }
    assert_eq!(pace.width(), START);
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_are_never_nothing_and_end() {
    let mut backoff = Backoff::new(Patience::REQUEST);
    let begin = Instant::now();
    let (mut repetition, mut before) = (0, Instant::now());
    // Whether the last pauses still fit into the time depends on how long the earlier ones were.
    while backoff.pause().await.is_ok() {
        let longest = Duration::from_millis(25 << repetition.min(6)).min(Duration::from_secs(1));
        let paused = before.elapsed();
        assert!((SHORTEST..=longest + Duration::from_millis(1)).contains(&paused), "{repetition}: {paused:?}");
        (repetition, before) = (repetition + 1, Instant::now());
    }
    assert!(repetition <= Patience::REQUEST.repetitions);
    assert!(begin.elapsed() <= Patience::REQUEST.total);
    backoff.reset();
    assert_eq!(backoff.pause().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_ever_repeated_at_once() {
    let impatient = Patience { first: Duration::ZERO, longest: Duration::ZERO, ..Patience::REQUEST };
    let begin = Instant::now();
    Backoff::new(impatient).pause().await.unwrap();
    assert!(begin.elapsed() >= SHORTEST);
}

#[tokio::test(start_paused = true)]
async fn a_pause_lasts_as_long_as_the_server_asks_for_or_there_is_none() {
    let mut backoff = Backoff::new(Patience::REQUEST);
    let begin = Instant::now();
    backoff.pause_at_least(Duration::from_secs(3)).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(3));
    let before = Instant::now();
    assert_eq!(backoff.pause_at_least(Duration::from_secs(30)).await, Err(OutOfPatience));
    assert_eq!(before.elapsed(), Duration::ZERO, "a pause that leads nowhere is not made");
}
