//! The contract of `Objects`, number by number.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;

use super::TRIES_MAX;
use crate::objects::{
    Attributes, Condition, ListQuery, NAME_BYTES_MAX, ObjectError, ObjectHead, ObjectName,
    ObjectReader, Objects, READ_BYTES_MAX,
};

/// Checks every number of the contract of [`Objects`]. `open` opens the store under test, empty at
/// first; every later call opens the same store again, after the one before was dropped.
pub async fn objects_contract(open: impl FnMut() -> Arc<dyn Objects>) {
    let mut subject = Subject::new(open);
    objects_come_back_as_they_were(&mut subject).await;
    names_are_any_bytes(&mut subject).await;
    uploads_show_only_when_finished(&mut subject).await;
    conditions_hold(&mut subject).await;
    one_of_many_wins(&mut subject).await;
    readers_keep_their_version(&mut subject).await;
    lists_are_in_order(&mut subject).await;
    deletions_may_be_repeated(&mut subject).await;
    subject.reopen();
    subject.check_all().await;
}

type Content = (Bytes, Attributes);

/// The store under test, and what must be in it.
struct Subject<F> {
    open: F,
    store: Option<Arc<dyn Objects>>,
    objects: BTreeMap<ObjectName, Content>,
}

fn name(bytes: &[u8]) -> ObjectName {
    ObjectName::new(Bytes::copy_from_slice(bytes)).unwrap()
}

fn all_from(prefix: &[u8], from: Bound<Vec<u8>>, limit: usize) -> ListQuery {
    ListQuery { prefix: prefix.to_vec(), from, limit }
}

async fn put(
    store: &Arc<dyn Objects>,
    name: &ObjectName,
    content: &Content,
    condition: Condition,
) -> Result<ObjectHead, ObjectError> {
    let mut upload = store.begin(content.0.len() as u64).await?;
    for chunk in content.0.chunks(100_000) {
        upload.write(Bytes::copy_from_slice(chunk)).await?;
    }
    upload.finish(name, content.1.clone(), condition).await
}

async fn read_all(reader: &dyn ObjectReader) -> Bytes {
    let mut bytes = Vec::new();
    loop {
        let piece = reader.read_at(bytes.len() as u64, usize::MAX).await.unwrap();
        assert!(piece.len() <= READ_BYTES_MAX);
        if piece.is_empty() {
            return Bytes::from(bytes);
        }
        bytes.extend_from_slice(&piece);
    }
}

impl<F: FnMut() -> Arc<dyn Objects>> Subject<F> {
    fn new(mut open: F) -> Self {
        let store = Some(open());
        Self { open, store, objects: BTreeMap::new() }
    }

    fn store(&self) -> &Arc<dyn Objects> {
        self.store.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        self.store = None;
        self.store = Some((self.open)());
    }

    /// Puts as a careful caller does: again, until it is certain.
    async fn put(&mut self, name: &ObjectName, bytes: impl Into<Bytes>) -> ObjectHead {
        let content = (bytes.into(), Attributes::default());
        self.put_content(name, content).await
    }

    async fn put_content(&mut self, name: &ObjectName, content: Content) -> ObjectHead {
        for _ in 0..TRIES_MAX {
            match put(self.store(), name, &content, Condition::Always).await {
                Ok(head) => {
                    assert_eq!((head.bytes, &head.name), (content.0.len() as u64, name));
                    self.objects.insert(name.clone(), content);
                    return head;
                }
                Err(ObjectError::Unknown { .. }) => {}
                Err(ObjectError::Io { .. } | ObjectError::Full) => self.check(name).await,
                Err(error) => panic!("an upload that must work: {error}"),
            }
        }
        panic!("no upload in {TRIES_MAX} tries");
    }

    /// 3, 9: what is there after a refusal is what was there before; an unknown outcome before it
    /// may have changed it, so this is only for names whose last outcome is known.
    async fn check(&self, name: &ObjectName) {
        let Some(reader) = self.store().open(name).await.unwrap() else { return };
        let bytes = read_all(&*reader).await;
        assert_eq!(bytes.len() as u64, reader.head().bytes, "9: whole");
    }

    async fn check_all(&self) {
        let mut found: Vec<ObjectHead> = Vec::new();
        loop {
            let from = found
                .last()
                .map_or(Bound::Unbounded, |head| Bound::Excluded(head.name.as_bytes().to_vec()));
            let page = self.store().list(&all_from(b"", from, 7)).await.unwrap();
            let last = page.len() < 7;
            found.extend(page);
            if last {
                break;
            }
        }
        let names: Vec<&ObjectName> = found.iter().map(|head| &head.name).collect();
        assert_eq!(names, self.objects.keys().collect::<Vec<_>>(), "5, 7: everything, in order");
        for head in &found {
            let (bytes, attributes) = &self.objects[&head.name];
            let reader = self.store().open(&head.name).await.unwrap().expect("it is listed");
            assert_eq!(reader.head(), head);
            assert_eq!(&head.attributes, attributes, "5: attributes as they were given");
            assert_eq!(&read_all(&*reader).await, bytes, "1: the bytes of {}", head.name);
            assert_eq!(self.store().head(&head.name).await.unwrap().as_ref(), Some(head));
        }
    }
}

async fn objects_come_back_as_they_were<F: FnMut() -> Arc<dyn Objects>>(subject: &mut Subject<F>) {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let attributes = Attributes {
        etag: Some("d41d8cd98f00b204e9800998ecf8427e-2".to_owned()),
        headers: vec![pair("content-type", "application/json"), pair("content-encoding", "gzip")],
        user: vec![pair("colour", "gr\u{fc}n \"quoted\""), pair("empty", "")],
    };
    let log = name(b"bucket/AWSLogs/123456789012/CloudTrail/us-east-1/2026/11/25/a_b.json.gz");
    subject.put_content(&log, (Bytes::from_static(b"\x1f\x8b"), attributes)).await;
    subject.put(&name(b"bucket/empty"), Bytes::new()).await;
    let large: Vec<u8> = (0..1_000_003_u32).map(|number| (number % 251) as u8).collect();
    subject.put(&name(b"bucket/large"), large.clone()).await;
    subject.check_all().await;
    subject.reopen();
    subject.check_all().await;
    let reader = subject.store().open(&name(b"bucket/large")).await.unwrap().unwrap();
    for (at, length) in [(0, 1), (999_999, 100), (1_000_003, 5), (u64::MAX, 5), (262_140, 9)] {
        let piece = reader.read_at(at, length).await.unwrap();
        let from = large.len().min(usize::try_from(at).unwrap_or(usize::MAX));
        let until = large.len().min(from.saturating_add(length));
        assert_eq!(piece, &large[from..until], "4: {length} bytes at {at}");
    }
}

async fn names_are_any_bytes<F: FnMut() -> Arc<dyn Objects>>(subject: &mut Subject<F>) {
    let long = [b'k'; NAME_BYTES_MAX];
    let deep = b"d/".repeat(NAME_BYTES_MAX / 2);
    let names: [&[u8]; 25] = [
        b"n/a",
        b"n/a/b",
        b"n/a/b/c",
        b"n/z/y/x",
        b"n/z/y",
        b"n/z",
        b"n/",
        b"n//",
        b"/",
        b"//etc",
        b"..",
        b"../../../x",
        b"n/./b",
        b"n/../b",
        b"\0",
        b"\xff\xfe",
        b"n/a%v2",
        b"n/%2e%2e",
        b"%hashed/ab/cd",
        b"n/A",
        b"N/a",
        b"n/a b+c&d?e#f\\g:h*|<>\"",
        b"con\n",
        &long,
        &deep,
    ];
    for bytes in names {
        subject.put(&name(bytes), bytes.to_vec()).await;
    }
    subject.check_all().await;
    for bytes in names {
        subject.put(&name(bytes), [bytes, b"again"].concat()).await;
    }
    subject.reopen();
    subject.check_all().await;
    assert!(matches!(ObjectName::new(Bytes::new()), Err(ObjectError::NameInvalid)));
    let too_long = ObjectName::new(vec![b'k'; NAME_BYTES_MAX + 1]);
    assert!(matches!(too_long, Err(ObjectError::NameInvalid)));
}

async fn uploads_show_only_when_finished<F: FnMut() -> Arc<dyn Objects>>(subject: &mut Subject<F>) {
    let before = subject.objects.clone();
    let mut dropped = subject.store().begin(1_000_000).await.unwrap();
    dropped.write(Bytes::from(vec![1; 600_000])).await.unwrap();
    subject.check_all().await;
    drop(dropped);
    let mut small = subject.store().begin(10).await.unwrap();
    small.write(Bytes::from_static(b"0123456789")).await.unwrap();
    let beyond = small.write(Bytes::from_static(b"0")).await;
    assert!(matches!(beyond, Err(ObjectError::TooLarge { bytes_max: 10 })), "2: beyond its limit");
    let finished = small.finish(&name(b"small"), Attributes::default(), Condition::Always).await;
    assert!(finished.is_err(), "2: it has failed");
    assert_eq!(subject.objects, before);
    subject.check_all().await;
}

async fn conditions_hold<F: FnMut() -> Arc<dyn Objects>>(subject: &mut Subject<F>) {
    let target = name(b"conditions/target");
    let first = subject.put(&target, "one").await;
    let second = subject.put(&target, "two").await;
    assert!(second.version > first.version);
    let content = (Bytes::from_static(b"three"), Attributes::default());
    let absent = name(b"conditions/absent");
    let refused = [
        (&target, Condition::Absent),
        (&target, Condition::Version(first.version)),
        (&absent, Condition::Version(first.version)),
    ];
    for (name, condition) in refused {
        for _ in 0..TRIES_MAX {
            match put(subject.store(), name, &content, condition).await {
                Err(ObjectError::Conflict { name: named }) => {
                    assert_eq!(&named, name);
                    break;
                }
                other => assert!(other.is_err(), "3: {condition:?} does not hold"),
            }
        }
        // The same for a deletion.
        for _ in 0..TRIES_MAX {
            match subject.store().delete(name, condition).await {
                Err(ObjectError::Conflict { name: named }) => {
                    assert_eq!(&named, name);
                    break;
                }
                other => assert!(other.is_err(), "3: {condition:?} does not hold"),
            }
        }
    }
    subject.check_all().await;
}

async fn one_of_many_wins<F: FnMut() -> Arc<dyn Objects>>(subject: &mut Subject<F>) {
    for round in 0..5 {
        let target = name(format!("race/{round}").as_bytes());
        let mut racers = Vec::new();
        for racer in 0..8 {
            let (store, target) = (Arc::clone(subject.store()), target.clone());
            racers.push(tokio::spawn(async move {
                let content = (Bytes::from(format!("racer {racer}")), Attributes::default());
                put(&store, &target, &content, Condition::Absent).await.map(|_| content)
            }));
        }
        let mut winners = Vec::new();
        for racer in racers {
            winners.extend(racer.await.unwrap());
        }
        assert!(winners.len() <= 1, "3: at most one wins");
        let Some(reader) = subject.store().open(&target).await.unwrap() else { continue };
        let content = (read_all(&*reader).await, Attributes::default());
        assert!(winners.iter().all(|winner| *winner == content), "5");
        subject.objects.insert(target, content);
    }
    subject.check_all().await;
}

async fn readers_keep_their_version<F: FnMut() -> Arc<dyn Objects>>(subject: &mut Subject<F>) {
    let target = name(b"versions/target");
    subject.put(&target, vec![0; 300_000]).await;
    for round in 1..6_u8 {
        let reader = subject.store().open(&target).await.unwrap().unwrap();
        let half = reader.read_at(0, 150_000).await.unwrap();
        subject.put(&target, vec![round; 300_000 + usize::from(round)]).await;
        let rest = reader.read_at(150_000, 300_000).await.unwrap();
        assert_eq!((half.len(), rest.len() as u64), (150_000, reader.head().bytes - 150_000));
        let old = round - 1;
        assert!(half.iter().chain(&rest).all(|byte| *byte == old), "4: one version");
    }
}

/// Prefix, where from, limit, and the names to be listed.
type Listing = (&'static [u8], Bound<&'static [u8]>, usize, &'static [&'static [u8]]);

async fn lists_are_in_order<F: FnMut() -> Arc<dyn Objects>>(subject: &mut Subject<F>) {
    for bytes in [&b"p/b"[..], b"p/a", b"p/a/x", b"p/\xff", b"p/\xff\xff", b"p0", b"p"] {
        subject.put(&name(bytes), Bytes::new()).await;
    }
    let cases: [Listing; 7] = [
        (b"p/", Bound::Unbounded, 9, &[b"p/a", b"p/a/x", b"p/b", b"p/\xff", b"p/\xff\xff"]),
        (b"p/", Bound::Unbounded, 2, &[b"p/a", b"p/a/x"]),
        (b"p/", Bound::Excluded(b"p/a/x"), 9, &[b"p/b", b"p/\xff", b"p/\xff\xff"]),
        (b"p/", Bound::Included(b"p/a0"), 1, &[b"p/b"]),
        (b"p/\xff", Bound::Unbounded, 9, &[b"p/\xff", b"p/\xff\xff"]),
        (b"p/", Bound::Included(b"a"), 1, &[b"p/a"]),
        (b"p/", Bound::Excluded(b"q"), 9, &[]),
    ];
    for (prefix, from, limit, expected) in cases {
        let query = all_from(prefix, from.map(<[u8]>::to_vec), limit);
        let page = subject.store().list(&query).await.unwrap();
        let names: Vec<&[u8]> = page.iter().map(|head| head.name.as_bytes()).collect();
        assert_eq!(names, expected, "7: {query:?}");
    }
    subject.check_all().await;
}

async fn deletions_may_be_repeated<F: FnMut() -> Arc<dyn Objects>>(subject: &mut Subject<F>) {
    for bytes in [&b"n/a"[..], b"n/a/b", b"..", b"p/\xff"] {
        let target = name(bytes);
        for _ in 0..TRIES_MAX {
            if subject.store().delete(&target, Condition::Always).await.is_ok() {
                break;
            }
        }
        assert_eq!(subject.store().head(&target).await.unwrap(), None, "5: gone");
        subject.objects.remove(&target);
        if let Ok(deleted) = subject.store().delete(&target, Condition::Always).await {
            assert!(!deleted, "8: there was none");
        }
    }
    let target = name(b"conditions/target");
    let version = subject.store().head(&target).await.unwrap().expect("it is there").version;
    for _ in 0..TRIES_MAX {
        match subject.store().delete(&target, Condition::Version(version)).await {
            Ok(deleted) => assert!(deleted, "3, 8: this version was there"),
            // An earlier try did it, and could not tell.
            Err(ObjectError::Conflict { .. }) => {}
            Err(_) => continue,
        }
        break;
    }
    assert_eq!(subject.store().head(&target).await.unwrap(), None, "5: gone");
    subject.objects.remove(&target);
    subject.check_all().await;
    subject.reopen();
    subject.check_all().await;
}
