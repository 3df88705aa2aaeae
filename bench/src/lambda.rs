//! Functions on Lambda: how they start and what an event costs them, beside a hello world and a bare `GetItem`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;

use crate::document::Section;
use crate::process::{LOAD_CORE, apart, pin};
use crate::programs::LIMITS;
use crate::report::{Spread, Target, Wanted, table};
use crate::{Bench, say};

mod builds;
mod contender;
mod function;
mod profiles;
mod store;

use contender::Contender;
use store::Store;

pub(crate) use profiles::measure as measure_profiles;

const HELLO: &str = "hello world";
const GET_ITEM: &str = "bare `GetItem`";
const OURS: &str = "`shortener-lambda redirect`";

/// How many starts there are in each round.
const STARTS: usize = 6;

/// How much longer than a hello world's the first answer may take.
const COLD: f64 = 2.5;

/// How much more processor time than a bare `GetItem` an event may take.
const WARM: f64 = 1.5;

/// The size of the binary and the resident memory after the first answer, in MB.
const BINARY: f64 = 10.0;
const RESIDENT: f64 = 16.0;

pub(crate) fn measure(bench: &Bench) -> anyhow::Result<Section> {
    let (limits, ours) = (LIMITS.run()?, builds::shipped()?);
    let mut contenders = [
        Contender::new(HELLO, limits.path("hello-lambda")?, &[], 200),
        Contender::new(GET_ITEM, limits.path("get-item-lambda")?, &[], 302),
        Contender::new(OURS, &ours, &["redirect"], 302),
    ];
    compare(bench, &mut contenders)?;
    Ok(Section {
        name: "lambda",
        title: "Functions on Lambda",
        targets: targets(&contenders)?,
        body: introduction(bench) + &cold_table(&contenders)? + "\n" + &warm_table(&contenders)?,
    })
}

fn introduction(bench: &Bench) -> String {
    format!(
        "A process for each function on one core; the driver, a Runtime API of its own and an engine that speaks DynamoDB's protocol, \
         without TLS, on the other. `redirect` is built as the image has it, the others for release. {} cold starts each, in turns, \
         from exec, the first event waiting; then {} rounds of {} events, one after the other. MB are 10⁶ bytes.\n\n",
        bench.rounds * STARTS,
        bench.rounds,
        contender::EVENTS
    )
}

/// Starts and events of each, in turns.
fn compare(bench: &Bench, contenders: &mut [Contender]) -> anyhow::Result<()> {
    let store = Store::start(&bench.folder("lambda")?)?;
    apart(|| compare_pinned(bench, &store, contenders))
}

#[tokio::main(flavor = "current_thread")]
async fn compare_pinned(bench: &Bench, store: &Store, contenders: &mut [Contender]) -> anyhow::Result<()> {
    pin(LOAD_CORE)?;
    say(&format!("{} cold starts of {} functions", bench.rounds * STARTS, contenders.len()));
    for _ in 0..bench.rounds * STARTS {
        for contender in &mut *contenders {
            contender.start_once(store).await?;
        }
        contenders.reverse();
    }
    say(&format!("{} rounds of {} events", bench.rounds, contender::EVENTS));
    let mut running = Vec::new();
    for contender in &mut *contenders {
        running.push((contender.warmed_up(store).await?, contender));
    }
    for _ in 0..bench.rounds {
        for (function, contender) in &mut running {
            contender.take_events(function).await?;
        }
        running.reverse();
    }
    Ok(())
}

fn named<'a>(contenders: &'a [Contender], name: &str) -> anyhow::Result<&'a Contender> {
    contenders.iter().find(|contender| contender.name() == name).with_context(|| format!("nobody measured the {name}"))
}

fn cold_table(contenders: &[Contender]) -> anyhow::Result<String> {
    let hello = named(contenders, HELLO)?;
    let rows = contenders.iter().map(|contender| {
        let ratio = Spread::of_ratios(&contender.starts(|start| start.answer), &hello.starts(|start| start.answer));
        Ok([
            contender.name().to_owned(),
            format!("{:.2}", Spread::of(contender.starts(|start| start.next))),
            format!("{:.2}", Spread::of(contender.starts(|start| start.answer))),
            format!("{:.2}", ratio.median),
            format!("{:.1}", Spread::of(contender.starts(|start| start.resident)).median),
            format!("{:.2}", contender.megabytes()?),
        ])
    });
    let head = [
        "cold start",
        "ms to the first /next",
        "ms to the first answer",
        "ratio to hello world",
        "resident MB",
        "binary MB",
    ];
    Ok(table(&head, rows.collect::<anyhow::Result<Vec<_>>>()?))
}

fn warm_table(contenders: &[Contender]) -> anyhow::Result<String> {
    let bare = named(contenders, GET_ITEM)?;
    let rows = contenders.iter().map(|contender| {
        let processor = contender.events(|events| events.processor_us);
        [
            contender.name().to_owned(),
            format!("{:.0}", Spread::of(processor.clone())),
            format!("{:.2}", Spread::of_ratios(&processor, &bare.events(|events| events.processor_us)).median),
            format!("{:.0}", Spread::of(contender.events(|events| events.answer_us)).median),
        ]
    });
    let mut text = table(&["warm event", "CPU µs", "ratio to a bare `GetItem`", "µs until the answer"], rows);
    writeln!(
        text,
        "\nCPU is user and system time of the whole process; an answer takes what the engine takes as well."
    )?;
    Ok(text)
}

fn targets(contenders: &[Contender]) -> anyhow::Result<Vec<Target>> {
    let [hello, bare, ours] = [HELLO, GET_ITEM, OURS].map(|name| named(contenders, name));
    let (hello, bare, ours) = (hello?, bare?, ours?);
    let cold = Spread::of_ratios(&ours.starts(|start| start.answer), &hello.starts(|start| start.answer)).median;
    let warm =
        Spread::of_ratios(&ours.events(|events| events.processor_us), &bare.events(|events| events.processor_us))
            .median;
    let resident = Spread::of(ours.starts(|start| start.resident)).median;
    Ok(vec![
        Target::new("first answer of a cold start", Wanted::AtMost(COLD), cold, "× hello world"),
        Target::new("CPU time of a warm event", Wanted::AtMost(WARM), warm, "× bare `GetItem`"),
        Target::new("binary", Wanted::AtMost(BINARY), ours.megabytes()?, "MB"),
        Target::new("resident memory after the first answer", Wanted::AtMost(RESIDENT), resident, "MB"),
    ])
}

/// Bytes in units of 10⁶.
#[expect(clippy::cast_precision_loss, reason = "sizes of programs are far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

/// The size of a file, in MB.
fn file_megabytes(file: &Path) -> anyhow::Result<f64> {
    Ok(megabytes(std::fs::metadata(file)?.len()))
}
