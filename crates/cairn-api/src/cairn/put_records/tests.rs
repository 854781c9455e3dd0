use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use cairn_history::{HistoryOptions, Room};
use cairn_store::imported::Imported;
use cairn_store::testkit::Fault;
use cairn_store::{Offset, ReadLimit};

use super::{ContentEncoding, Intake, Outcome};
use crate::cairn::CairnError;
use crate::testing::{ACCOUNT, World, event};

/// A world whose history follows the log by itself, as the worker has it.
struct Fed {
    world: World,
    is_over: Arc<AtomicBool>,
    feeder: Option<std::thread::JoinHandle<()>>,
}

impl Fed {
    fn new(world: World) -> Self {
        let services = Arc::clone(&world.services);
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let feeder = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (log, history) = (&services.log, &services.history);
                let limit = ReadLimit { records_max: 1_000, bytes_max: 1 << 20 };
                while !over.load(Ordering::SeqCst) {
                    let wait = std::time::Duration::from_millis(20);
                    let next = history.tail_next();
                    let _ = tokio::time::timeout(wait, log.changed(next)).await;
                    let slice = log.read(next, limit).await.unwrap();
                    history.append(slice.first, &slice.records, &slice.appended_ms).unwrap();
                }
            });
        });
        Self { world, is_over, feeder: Some(feeder) }
    }

    async fn put(&self, body: &[u8], encoding: ContentEncoding) -> Outcome {
        put(&self.world, body, encoding).await
    }

    async fn log(&self) -> Vec<Bytes> {
        let limit = ReadLimit { records_max: usize::MAX, bytes_max: usize::MAX };
        self.world.services.log.read(Offset::ZERO, limit).await.unwrap().records
    }
}

impl Drop for Fed {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        if let Some(feeder) = self.feeder.take() {
            let _ = feeder.join();
        }
    }
}

async fn put(world: &World, body: &[u8], encoding: ContentEncoding) -> Outcome {
    let ctx = world.ctx(ACCOUNT, "us-east-1");
    let mut intake = Intake::begin(&ctx, encoding).unwrap();
    for piece in body.chunks(100_000) {
        if !intake.push(Bytes::copy_from_slice(piece)).await {
            break;
        }
    }
    intake.finish().await
}

fn counts(outcome: &Outcome) -> [i64; 4] {
    let taken = &outcome.taken;
    [taken.accepted, taken.duplicates, taken.rejected, taken.through_line]
}

fn body(records: &[String]) -> Vec<u8> {
    records.iter().flat_map(|record| [record.as_bytes(), b"\n"].concat()).collect()
}

fn events(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|number| event(&format!("e-{number}"), "CreateUser", 1, "")).collect()
}

/// Such that hardly repeat: a body of them does not expand to suspiciously much.
fn varied_events(count: usize) -> Vec<String> {
    let varied = |number: usize| {
        let noise = (0..8_u64).map(|part| {
            let seed = (number as u64 * 8 + part + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            format!("{:016x}", (seed ^ seed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9))
        });
        let noise = format!(r#","x":"{}""#, noise.collect::<String>());
        event(&format!("e-{number}"), "CreateUser", 1, &noise)
    };
    (0..count).map(varied).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_come_in_once_with_their_bytes_however_they_are_packed() {
    let fed = Fed::new(World::new());
    let events = events(0, 9_000);
    let plain = body(&events);
    let first = fed.put(&zstd(&plain), ContentEncoding::Zstd).await;
    assert!(first.fault.is_none(), "{first:?}");
    assert_eq!(counts(&first), [9_000, 0, 0, 9_000]);
    let wanted: Vec<Bytes> = events.iter().map(|event| Bytes::from(event.clone())).collect();
    assert_eq!(fed.log().await, wanted);
    for (packed, encoding) in
        [(gzip(&plain), ContentEncoding::Gzip), (plain.clone(), ContentEncoding::Plain)]
    {
        assert_eq!(counts(&fed.put(&packed, encoding).await), [0, 9_000, 0, 9_000]);
    }
    let members = [gzip(&plain[..700_000]), gzip(&plain[700_000..])].concat();
    assert_eq!(counts(&fed.put(&members, ContentEncoding::Gzip).await)[1], 9_000);
    assert_eq!(fed.log().await.len(), 9_000);
    let imported = Imported::read(fed.world.services.meta.as_ref()).await.unwrap();
    assert_eq!(imported.skip(Offset::ZERO), Offset::new(9_000), "no trail delivers them");
    assert_eq!(fed.world.services.history.tail_next(), Offset::new(9_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_record_is_listed_by_its_line() {
    let fed = Fed::new(World::new());
    let good = event("e-1", "CreateUser", 1, r#","x": 1.50"#);
    let long = format!(r#"{{"eventID":"{}"}}"#, "x".repeat(1 << 20));
    let lines = [
        format!("  {good}\r"),
        String::new(),
        "{".to_owned(),
        good.clone(),
        long,
        r#"{"Records":[]}"#.to_owned(),
        r#"{"eventName":"A"}"#.to_owned(),
        "[]".to_owned(),
        good.replace("e-1", "e-2"),
    ];
    let mut text = body(&lines);
    text.pop();
    let outcome = fed.put(&text, ContentEncoding::Plain).await;
    assert_eq!(counts(&outcome), [2, 1, 5, 9]);
    let listed: Vec<_> = outcome.taken.errors.iter().map(|error| error.line).collect();
    assert_eq!(listed, [3, 5, 6, 7, 8]);
    assert!(outcome.taken.errors[3].reason.contains("eventID"), "{outcome:?}");
    assert_eq!(fed.log().await[0], good, "spaces around a record are no part of it");
    let many = fed.put(&b"x\n".repeat(100_300), ContentEncoding::Plain).await;
    assert_eq!((counts(&many), many.taken.errors.len()), ([0, 0, 100_300, 100_300], 100));
    let none = fed.put(b"", ContentEncoding::Plain).await;
    assert!(none.fault.is_none() && counts(&none) == [0; 4], "{none:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn same_ids_with_other_bytes_are_other_records() {
    let fed = Fed::new(World::new());
    let one = event("e-1", "CreateUser", 1, "");
    let other = event("e-1", "CreateUser", 1, r#","x":1"#);
    let records = [one.clone(), other.clone(), one.clone()];
    assert_eq!(counts(&fed.put(&body(&records), ContentEncoding::Plain).await), [2, 1, 0, 3]);
    assert_eq!(counts(&fed.put(&body(&[other]), ContentEncoding::Plain).await), [0, 1, 0, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_leaves_what_was_taken_and_says_how_far_that_is() {
    let fed = Fed::new(World::new());
    let events = varied_events(30_000);
    let plain = body(&events);
    for (packed, encoding) in
        [(zstd(&plain), ContentEncoding::Zstd), (gzip(&plain), ContentEncoding::Gzip)]
    {
        let cut = packed.len() * 9 / 10;
        let outcome = fed.put(&packed[..cut], encoding).await;
        assert!(outcome.fault.is_some(), "{encoding:?}");
        let [accepted, duplicates, rejected, through] = counts(&outcome);
        assert!(through > 0 && through < 30_000 && rejected == 0, "{outcome:?}");
        assert_eq!(accepted + duplicates, through);
        assert!(i64::try_from(fed.log().await.len()).unwrap() >= through);
    }
    let whole = fed.put(&zstd(&plain), ContentEncoding::Zstd).await;
    assert_eq!(counts(&whole)[0] + counts(&whole)[1], 30_000);
    let wanted: Vec<Bytes> = events.iter().map(|event| Bytes::from(event.clone())).collect();
    assert_eq!(fed.log().await, wanted);
}

#[tokio::test(start_paused = true)]
async fn duplicates_of_records_that_are_not_shown_are_not_acknowledged() {
    // Nobody feeds history.
    let world = World::new();
    for duplicates in [0, 3] {
        let outcome = put(&world, &body(&events(0, 3)), ContentEncoding::Plain).await;
        assert_eq!(counts(&outcome)[1], duplicates);
        assert!(matches!(outcome.fault, Some(CairnError::Unavailable(_))), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_was_not_what_was_signed_is_left_out() {
    let fed = Fed::new(World::new());
    let ctx = fed.world.ctx(ACCOUNT, "us-east-1");
    let mut intake = Intake::begin(&ctx, ContentEncoding::Plain).unwrap();
    assert!(intake.push(body(&events(0, 10)).into()).await);
    assert_eq!(intake.abandon().await, super::Taken::default());
    assert!(fed.log().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_does_not_go_off() {
    let fed = Fed::new(World::new());
    let bomb = zstd(&vec![b'\n'; 600 << 20]);
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    let outcome = fed.put(&bomb, ContentEncoding::Zstd).await;
    let why = outcome.fault.unwrap().to_string();
    assert!(why.contains("200 times"), "{why}");
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&body(&events(0, 9_000)).repeat(3)).unwrap();
    let outcome = fed.put(&encoder.finish().unwrap(), ContentEncoding::Zstd).await;
    assert!(outcome.fault.is_some(), "its window would need 128 MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_at_once_bring_a_record_in_once_and_are_limited() {
    let fed = Arc::new(Fed::new(World::new()));
    let text = Arc::new(body(&events(0, 9_000)));
    let put = |fed: Arc<Fed>, text: Arc<Vec<u8>>| async move {
        fed.put(&text, ContentEncoding::Plain).await
    };
    let one = tokio::spawn(put(Arc::clone(&fed), Arc::clone(&text)));
    let two = tokio::spawn(put(Arc::clone(&fed), Arc::clone(&text)));
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    assert_eq!(counts(&one)[0] + counts(&two)[0], 9_000);
    assert_eq!(counts(&one)[1] + counts(&two)[1], 9_000);
    assert_eq!(fed.log().await.len(), 9_000);
    let ctx = fed.world.ctx(ACCOUNT, "us-east-1");
    let held: Vec<_> = (0..super::CALLS_MAX)
        .map(|_| Intake::begin(&ctx, ContentEncoding::Plain).unwrap())
        .collect();
    let refused = Intake::begin(&ctx, ContentEncoding::Plain).err().unwrap();
    assert_eq!(refused.modelled().code, "ThrottlingException");
    for intake in held {
        intake.abandon().await;
    }
    assert!(Intake::begin(&ctx, ContentEncoding::Plain).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_note_could_not_be_made_of_is_settled_by_the_next_call() {
    for fault in [Fault::Fails, Fault::FailsUnknown, Fault::PersistsUnknown] {
        // The writes of a group: that it is under way, where it is, and that it is no more.
        for write in 0..3 {
            let when = format!("{fault:?} of write {write}");
            let (world, meta, _) = World::faulty();
            let fed = Fed::new(world);
            let text = body(&events(0, 10));
            (0..write).for_each(|_| meta.plan(None));
            meta.plan(Some(fault));
            let broken = fed.put(&text, ContentEncoding::Plain).await;
            assert!(broken.fault.is_some(), "{when}");
            let repeated = fed.put(&text, ContentEncoding::Plain).await;
            assert!(repeated.fault.is_none(), "{when}: {repeated:?}");
            assert_eq!(fed.log().await.len(), 10, "{when}");
            let imported = Imported::read(fed.world.services.meta.as_ref()).await.unwrap();
            assert_eq!(imported.skip(Offset::ZERO), Offset::new(10), "{when}");
            assert_eq!(imported.until(Offset::new(10)), Offset::new(10), "{when}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn while_history_cannot_go_on_a_call_is_told_so_at_once() {
    let room = Room::new(AtomicU64::new(0));
    let options = HistoryOptions { slice_records_max: 2, ..HistoryOptions::default() };
    let world = Arc::new(World::with_room(options, &room));
    world.record(&events(0, 4)).await;
    let (log, history) = (&world.services.log, &world.services.history);
    let begun = tokio::time::Instant::now();
    // One comes before it is known that there is no room, and waits.
    let waits = tokio::spawn({
        let world = Arc::clone(&world);
        async move { put(&world, &body(&events(4, 6)), ContentEncoding::Plain).await }
    });
    log.changed(Offset::new(4)).await;
    assert!(history.seal().is_err());
    let full = |outcome: &Outcome| matches!(outcome.fault, Some(CairnError::Full(_)));
    let waited = waits.await.unwrap();
    assert!(full(&waited) && counts(&waited) == [2, 0, 0, 2], "{waited:?}");
    let refused = put(&world, &body(&events(6, 8)), ContentEncoding::Plain).await;
    assert!(full(&refused) && counts(&refused) == [0; 4], "{refused:?}");
    let said = refused.fault.unwrap().to_string();
    assert!(said.contains("disk is full"), "{said}");
    assert!(begun.elapsed() < std::time::Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(log.committed(), Offset::new(6), "nothing is added that nobody finds");
    room.store(u64::MAX, Ordering::SeqCst);
    history.seal().unwrap();
    world.feed();
    let repeated = put(&world, &body(&events(4, 6)), ContentEncoding::Plain).await;
    assert!(repeated.fault.is_none() && counts(&repeated) == [0, 2, 0, 2], "{repeated:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body_that_is_not_said_to_be_is_refused() {
    let fed = Fed::new(World::new());
    let plain = body(&events(0, 10));
    for (packed, name) in [(gzip(&plain), "gzip"), (zstd(&plain), "zstd")] {
        let outcome = fed.put(&packed, ContentEncoding::Plain).await;
        assert_eq!(counts(&outcome), [0; 4]);
        let said = outcome.fault.unwrap().to_string();
        assert!(said.contains(name) && said.contains("Content-Encoding"), "{said}");
    }
    // Shorter than what would tell.
    for short in [&b"{"[..], b"", b"\x1f", b"\n"] {
        assert!(fed.put(short, ContentEncoding::Plain).await.fault.is_none(), "{short:?}");
    }
    assert!(fed.log().await.is_empty());
}

#[tokio::test]
async fn small_state_without_room_is_named() {
    let (world, meta, _) = World::faulty();
    meta.plan(Some(Fault::Full));
    let refused = put(&world, &body(&events(0, 2)), ContentEncoding::Plain).await;
    assert!(matches!(refused.fault, Some(CairnError::Full(_))), "{refused:?}");
    assert_eq!(world.services.log.committed(), Offset::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_of_records_that_could_not_be_appended_are_forgotten() {
    for fault in [Fault::Fails, Fault::Full, Fault::FailsUnknown] {
        let (world, log) = World::with_faulty_log();
        let fed = Fed::new(world);
        log.plan(Some(fault));
        let text = body(&events(0, 10));
        assert!(fed.put(&text, ContentEncoding::Plain).await.fault.is_some(), "{fault:?}");
        assert_eq!(fed.world.services.history.status().foreseen_records, 0, "{fault:?}");
    }
}
