use http::HeaderMap;
use http_body_util::{Full, StreamBody};

use super::*;
use crate::budget::Budget;

const BOTH: Keep = Keep { copy: true, hash: true };

fn share() -> Arc<Share> {
    Arc::new(Arc::new(Budget::default()).share(false))
}

#[tokio::test]
async fn a_small_body_is_copied_and_a_large_one_counted() {
    for (bytes, is_copied) in
        [(3, true), (BODY_COPY_BYTES_MAX, true), (BODY_COPY_BYTES_MAX + 1, false)]
    {
        let body = Full::new(Bytes::from(vec![b'x'; bytes]));
        let (tee, passed) = Tee::new(body, BOTH, share(), None);
        assert_eq!(tee.collect().await.unwrap().to_bytes().len(), bytes);
        assert_eq!(passed.bytes(), bytes as u64);
        let hash = cairn_wire::sigv4::sha256(&vec![b'x'; bytes]);
        assert_eq!(passed.sha256(), Some(hash));
        assert_eq!(passed.take_copy().map(|copy| copy.len()), is_copied.then_some(bytes));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_went_nowhere_is_read_for_the_record() {
    let body = || Full::new(Bytes::from_static(b"whole"));
    let (tee, passed) = Tee::new(body(), BOTH, share(), None);
    drop(tee);
    assert_eq!(passed.sha256(), None);
    passed.read_rest().await;
    assert_eq!(passed.sha256(), Some(cairn_wire::sigv4::sha256(b"whole")));
    assert_eq!(passed.take_copy().as_deref(), Some(&b"whole"[..]));
    // Not content, which no record shows, nor what the sender was not asked for.
    let (tee, passed) = Tee::new(body(), Keep { copy: false, hash: true }, share(), None);
    drop(tee);
    passed.read_rest().await;
    assert_eq!((passed.bytes(), passed.sha256()), (0, None));
    let (_invite, invitation) = Invitation::new();
    let (tee, passed) = Tee::new(body(), BOTH, share(), Some(invitation));
    drop(tee);
    passed.read_rest().await;
    assert_eq!((passed.bytes(), passed.sha256()), (0, None));
    // Nor is it read for ever.
    let endless = futures_util::stream::repeat_with(|| {
        Ok::<_, BoxError>(Frame::data(Bytes::from(vec![0; 1 << 16])))
    });
    let (tee, passed) = Tee::new(StreamBody::new(endless), BOTH, share(), None);
    drop(tee);
    passed.read_rest().await;
    assert!(passed.bytes() <= BODY_COPY_BYTES_MAX as u64 + (1 << 16), "{}", passed.bytes());
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_waited_for_until_the_body_is_over_or_nobody_reads_it() {
    let body = || Full::new(Bytes::from_static(b"late"));
    let (tee, passed) = Tee::new(body(), BOTH, share(), None);
    let reader = tokio::spawn(async move {
        tokio::time::sleep(BODY_LATE_MAX / 2).await;
        tee.collect().await.map(http_body_util::Collected::to_bytes)
    });
    passed.settle().await;
    assert_eq!(passed.take_copy().as_deref(), Some(&b"late"[..]));
    reader.await.unwrap().unwrap();
    let started = Instant::now();
    let (tee, passed) = Tee::new(body(), BOTH, share(), None);
    drop(tee);
    passed.settle().await;
    let (tee, counted) = Tee::new(body(), Keep { copy: false, hash: false }, share(), None);
    counted.settle().await;
    assert_eq!((started.elapsed(), passed.take_copy()), (std::time::Duration::ZERO, None));
    drop(tee);
    let (tee, passed) = Tee::new(body(), BOTH, share(), None);
    passed.settle().await;
    assert_eq!(started.elapsed(), BODY_LATE_MAX);
    drop(tee);
}

#[tokio::test]
async fn an_empty_body_has_ended_before_anybody_asks() {
    let (tee, passed) = Tee::new(Full::new(Bytes::new()), BOTH, share(), None);
    tee.collect().await.unwrap();
    assert_eq!(passed.take_copy(), Some(Vec::new()));
}

#[tokio::test]
async fn the_start_of_content_is_kept_where_it_is_asked_for() {
    let keep = Keep { copy: false, hash: false };
    let (tee, passed) =
        Tee::new(Full::new(Bytes::from_static(b"start, rest")), keep, share(), None);
    passed.keep_start(5);
    tee.collect().await.unwrap();
    assert_eq!((passed.start().as_slice(), passed.take_copy()), (&b"start"[..], None));
}

#[tokio::test]
async fn a_body_ends_with_its_trailers_and_with_its_last_announced_byte() {
    let frames = [Frame::data(Bytes::from_static(b"abc")), Frame::trailers(HeaderMap::new())];
    let body = StreamBody::new(futures_util::stream::iter(frames.map(Ok::<_, BoxError>)));
    let (mut tee, passed) = Tee::new(body, BOTH, share(), None);
    tee.frame().await.unwrap().unwrap();
    assert_eq!(passed.sha256(), None);
    tee.frame().await.unwrap().unwrap();
    assert_eq!(passed.sha256(), Some(cairn_wire::sigv4::sha256(b"abc")));
    let announced = http_body_util::Limited::new(Full::new(Bytes::from_static(b"abc")), 9);
    let (mut tee, passed) = Tee::new(announced, BOTH, share(), None);
    tee.frame().await.unwrap().unwrap();
    assert_eq!(passed.sha256(), Some(cairn_wire::sigv4::sha256(b"abc")));
}

#[tokio::test]
async fn half_a_body_is_no_copy() {
    let body = Full::new(Bytes::from_static(b"half"));
    let body = StreamBody::new(futures_util::stream::iter([
        Ok(Frame::data(body.collect().await.unwrap().to_bytes())),
        Err::<Frame<Bytes>, BoxError>("cut".into()),
    ]));
    let (tee, passed) = Tee::new(body, BOTH, share(), None);
    assert!(tee.collect().await.is_err());
    assert_eq!((passed.take_copy(), passed.sha256()), (None, None));
    assert_eq!(passed.failure(), Some(SenderFault::Broken));
}

#[tokio::test(start_paused = true)]
async fn the_body_waits_for_its_invitation_but_not_for_ever() {
    let started = Instant::now();
    let (sender, invitation) = Invitation::new();
    let (tee, _) = Tee::new(Full::new(Bytes::from_static(b"x")), BOTH, share(), Some(invitation));
    let late = tee.collect().await.unwrap();
    assert_eq!((late.to_bytes().as_ref(), started.elapsed()), (&b"x"[..], CONTINUE_MAX));
    drop(sender);
    let (sender, invitation) = Invitation::new();
    let (tee, _) = Tee::new(Full::new(Bytes::from_static(b"x")), BOTH, share(), Some(invitation));
    sender.send(()).unwrap();
    let started = Instant::now();
    tee.collect().await.unwrap();
    assert_eq!(started.elapsed(), std::time::Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_an_invitation_is_none() {
    let (sender, invitation) = Invitation::new();
    let body = Full::new(Bytes::from_static(b"x"));
    let (mut tee, passed) = Tee::new(body, BOTH, share(), Some(invitation));
    drop(sender);
    assert!(futures_util::poll!(tee.frame()).is_pending());
    let started = Instant::now();
    passed.settle().await;
    assert_eq!(started.elapsed(), std::time::Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_stalls_is_cut_off() {
    let body = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, BoxError>>());
    let (tee, passed) = Tee::new(body, BOTH, share(), None);
    assert!(tee.collect().await.is_err());
    assert_eq!(passed.failure(), Some(SenderFault::Stalled));
}
