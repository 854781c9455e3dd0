use std::sync::Arc;

use bytes::Bytes;
use cairn_event::{AccountId, Region, Timestamp};

use super::*;
use crate::kms::{EncryptionContext, KeyOwner, Kms, KmsKey, NewKey};
use crate::objects::READ_BYTES_MAX;
use crate::seal::MasterKey;
use crate::{
    Attributes, Condition, ListQuery, LocalObjects, ObjectHead, ObjectName, ObjectReader, Objects,
    SqliteMeta,
};

struct World {
    local: Arc<LocalObjects>,
    plain: PlainObjects,
    kms: Arc<Kms>,
    key: KmsKey,
    directory: tempfile::TempDir,
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text.to_owned()).unwrap()
}

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at % 251) as u8).collect()
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock: crate::Clock = Arc::new(|| Timestamp::from_ms(1_795_626_000_000));
        let meta = SqliteMeta::open(&directory.path().join("meta.sqlite")).unwrap();
        let next = std::sync::atomic::AtomicU8::new(0);
        let kms = Arc::new(Kms::new(
            Arc::new(meta),
            MasterKey::new([1; 32]),
            Arc::clone(&clock),
            Arc::new(move |bytes| {
                bytes.fill_with(|| next.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
            }),
        ));
        let new = NewKey {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("us-east-1").unwrap(),
            description: String::new(),
            policy: None,
            tags: Vec::new(),
            managed_by: KeyOwner::Customer,
        };
        let key = kms.create(new).await.unwrap();
        let local = Arc::new(LocalObjects::open(&directory.path().join("objects"), clock).unwrap());
        let plain = PlainObjects::new(Arc::clone(&local) as _, Arc::clone(&kms));
        Self { local, plain, kms, key, directory }
    }

    async fn put(&self, key: &str, content: &[u8], step: usize) -> ObjectHead {
        let context = EncryptionContext::empty().with("aws:s3:arn", key);
        let data_key =
            self.kms.generate_data_key(&self.key, DATA_KEY_BYTES, context).await.unwrap();
        let name = name(key);
        let max = content.len() as u64;
        let mut upload = seal_upload(&self.plain, &name, max, data_key).await.unwrap();
        for chunk in content.chunks(step) {
            upload.write(Bytes::copy_from_slice(chunk)).await.unwrap();
        }
        let attributes = Attributes { etag: Some("tag".into()), ..Attributes::default() };
        upload.finish(&name, attributes, Condition::Always).await.unwrap()
    }

    /// The bytes at rest.
    async fn at_rest(&self, key: &str) -> (Vec<u8>, Attributes) {
        let reader = self.local.open(&name(key)).await.unwrap().unwrap();
        (read(&*reader, 0, usize::MAX).await.unwrap(), reader.head().attributes.clone())
    }

    /// Puts bytes at rest, as somebody could who can write to the disk.
    async fn plant(&self, key: &str, bytes: Vec<u8>, attributes: Attributes) {
        let mut upload = self.local.begin(u64::MAX).await.unwrap();
        upload.write(Bytes::from(bytes)).await.unwrap();
        upload.finish(&name(key), attributes, Condition::Always).await.unwrap();
    }

    async fn get(&self, key: &str) -> Result<Vec<u8>, ObjectError> {
        let reader = self.plain.open(&name(key)).await?.unwrap();
        read(&*reader, 0, usize::MAX).await
    }
}

async fn read(reader: &dyn ObjectReader, at: u64, max: usize) -> Result<Vec<u8>, ObjectError> {
    let mut bytes = Vec::new();
    while bytes.len() < max {
        let chunk = reader.read_at(at + bytes.len() as u64, max - bytes.len()).await?;
        if chunk.is_empty() {
            break;
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[tokio::test]
async fn objects_of_every_length_come_back() {
    let world = World::new().await;
    for bytes in
        [0, 1, 100, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 400_000]
    {
        let content = content(bytes);
        for step in [7_777, CHUNK_BYTES, 1 << 20] {
            let head = world.put("bkt/key", &content, step).await;
            assert_eq!(head.bytes, bytes as u64);
            assert_eq!(world.plain.head(&name("bkt/key")).await.unwrap().unwrap(), head);
            assert!(world.get("bkt/key").await.unwrap() == content, "{bytes} in steps of {step}");
        }
        let (at_rest, _) = world.at_rest("bkt/key").await;
        assert!(bytes < 16 || !at_rest.windows(16).any(|window| window == &content[..16]));
        let query = ListQuery { prefix: Vec::new(), from: std::ops::Bound::Unbounded, limit: 10 };
        let listed = world.plain.list(&query).await.unwrap();
        assert_eq!(listed[0].bytes, bytes as u64);
        assert_eq!(listed[0].attributes.header(ENCRYPTION), Some("aws:kms"));
        assert_eq!(listed[0].attributes.header(ENCRYPTION_KEY), Some(world.key.arn().as_str()));
        assert_eq!(listed[0].attributes.header(MARK), None);
    }
}

#[tokio::test]
async fn every_range_is_read() {
    let world = World::new().await;
    let content = content(3 * CHUNK_BYTES + 17);
    world.put("bkt/key", &content, 10_000).await;
    let reader = world.plain.open(&name("bkt/key")).await.unwrap().unwrap();
    let edges = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 5];
    for from in
        edges.into_iter().chain([3 * CHUNK_BYTES, content.len() - 1, content.len(), 1 << 30])
    {
        for length in [0, 1, 16, CHUNK_BYTES, 2 * CHUNK_BYTES + 1, usize::MAX] {
            let to = from.saturating_add(length).min(content.len());
            let wanted = content.get(from..to).unwrap_or_default();
            let found = reader.read_at(from as u64, length).await.unwrap();
            assert!(found == wanted, "{from} and {length} more");
        }
    }
    let large = self::content(READ_BYTES_MAX + CHUNK_BYTES);
    world.put("bkt/large", &large, 1 << 20).await;
    let reader = world.plain.open(&name("bkt/large")).await.unwrap().unwrap();
    assert_eq!(reader.read_at(5, usize::MAX).await.unwrap().len(), READ_BYTES_MAX);
}

#[tokio::test]
async fn whatever_was_changed_does_not_open() {
    let world = World::new().await;
    let content = content(2 * CHUNK_BYTES + 100);
    world.put("bkt/key", &content, 10_000).await;
    world.put("bkt/twin", &content, 10_000).await;
    let (good, attributes) = world.at_rest("bkt/key").await;
    let (twin, _) = world.at_rest("bkt/twin").await;
    let start = good.len() - (content.len() + 3 * TAG_BYTES);
    let chunk = |number: usize| {
        let from = start + number * SEALED_CHUNK_BYTES;
        good[from..good.len().min(from + SEALED_CHUNK_BYTES)].to_vec()
    };
    let header = good[..start].to_vec();
    let of = |chunks: &[usize]| {
        let mut bytes = header.clone();
        bytes.extend(chunks.iter().flat_map(|number| chunk(*number)));
        bytes
    };
    assert_eq!(of(&[0, 1, 2]), good);
    let mut cases = vec![
        ("cut at a chunk", of(&[0, 1])),
        ("cut to a chunk", of(&[0])),
        ("cut to the header", of(&[])),
        ("cut within a chunk", good[..good.len() - 1].to_vec()),
        ("nothing", Vec::new()),
        ("swapped", of(&[1, 0, 2])),
        ("repeated", of(&[0, 0, 2])),
        ("dropped", of(&[0, 2])),
        ("longer by a byte", [good.clone(), vec![0]].concat()),
        ("longer by a chunk", of(&[0, 1, 2, 2])),
        ("another object", twin.clone()),
        (
            "another object's chunks",
            [header.clone(), twin[twin.len() - (good.len() - start)..].to_vec()].concat(),
        ),
    ];
    for at in
        (0..start).chain([start, start + CHUNK_BYTES, start + SEALED_CHUNK_BYTES, good.len() - 1])
    {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        cases.push(("flipped", flipped));
    }
    for (what, bytes) in cases {
        world.plant("bkt/key", bytes, attributes.clone()).await;
        assert!(world.get("bkt/key").await.is_err(), "{what}");
    }
    // The mark may lie: then no range is read either.
    for mark in ["0", "1", "x", "131171", "131173", "18446744073709551615"] {
        let mut attributes = attributes.clone();
        attributes.headers.retain(|(name, _)| name != MARK);
        attributes.headers.push((MARK.into(), mark.into()));
        world.plant("bkt/key", good.clone(), attributes).await;
        let opened = world.plain.open(&name("bkt/key")).await;
        assert!(matches!(opened, Err(ObjectError::Corrupt { .. })), "{mark}");
    }
    world.plant("bkt/moved", good.clone(), attributes.clone()).await;
    assert!(matches!(world.get("bkt/moved").await, Err(ObjectError::Corrupt { .. })));
    world.plant("bkt/key", good, attributes).await;
    assert!(world.get("bkt/key").await.unwrap() == content);
}

#[tokio::test]
async fn a_range_of_a_cut_object_is_not_read() {
    let world = World::new().await;
    let content = content(2 * CHUNK_BYTES + 100);
    world.put("bkt/key", &content, 10_000).await;
    let (good, mut attributes) = world.at_rest("bkt/key").await;
    let cut = good[..good.len() - 100 - TAG_BYTES].to_vec();
    attributes.headers.retain(|(name, _)| name != MARK);
    attributes.headers.push((MARK.into(), (2 * CHUNK_BYTES).to_string()));
    world.plant("bkt/key", cut, attributes).await;
    let opened = world.plain.open(&name("bkt/key")).await;
    assert!(matches!(opened, Err(ObjectError::Corrupt { .. })));
}

#[tokio::test]
async fn limits_names_and_states_hold() {
    let world = World::new().await;
    let data_key = || async {
        let none = EncryptionContext::empty();
        world.kms.generate_data_key(&world.key, DATA_KEY_BYTES, none).await.unwrap()
    };
    let limited = seal_upload(&*world.local, &name("bkt/key"), 10, data_key().await).await;
    let mut limited = limited.unwrap();
    limited.write(Bytes::from_static(b"0123456789")).await.unwrap();
    let refused = limited.write(Bytes::from_static(b"x")).await;
    assert!(matches!(refused, Err(ObjectError::TooLarge { bytes_max: 10 })));
    let finished = limited.finish(&name("bkt/key"), Attributes::default(), Condition::Always).await;
    assert!(finished.is_err());
    let begun = seal_upload(&*world.local, &name("bkt/key"), 10, data_key().await).await.unwrap();
    let finished = begun.finish(&name("bkt/other"), Attributes::default(), Condition::Always).await;
    assert!(finished.is_err());
    assert!(world.plain.head(&name("bkt/key")).await.unwrap().is_none());

    world.put("bkt/key", b"secret", 6).await;
    let judged = world.plain.clone().judged_by(Arc::new(|_, context| {
        assert_eq!(context.get("aws:s3:arn"), Some("bkt/key"));
        Err(crate::kms::KmsError::Denied { why: "no".into() })
    }));
    let opened = judged.open(&name("bkt/key")).await;
    let Err(ObjectError::Locked { source, .. }) = opened else { panic!("it is not refused") };
    assert_eq!((source.s3_code(), source.to_string()), (Some("AccessDenied"), "no".into()));
    world.kms.disable(&world.key).await.unwrap();
    let opened = world.plain.open(&name("bkt/key")).await;
    let Err(ObjectError::Locked { source, .. }) = opened else { panic!("it is not locked") };
    assert_eq!(source.s3_code(), Some("KMS.DisabledException"));
    world.plant("bkt/clear", b"clear".to_vec(), Attributes::default()).await;
    assert_eq!(world.get("bkt/clear").await.unwrap(), b"clear");
}

#[tokio::test]
async fn what_version_1_wrote_is_read() {
    let world = World::new().await;
    let reader = Golden::new(include_bytes!("golden/object.bin"), 65_600);
    let meta = SqliteMeta::open(&world.directory.path().join("golden.sqlite")).unwrap();
    let key = crate::Key::parse(include_str!("golden/key.txt").trim()).unwrap();
    let value = include_str!("golden/key.json").trim().to_owned();
    crate::MetaStore::swap(&meta, &key, None, value.into()).await.unwrap();
    let kms = Kms::new(
        Arc::new(meta),
        MasterKey::new([7; 32]),
        Arc::new(|| Timestamp::from_ms(0)),
        Arc::new(|_| {}),
    );
    let opened = open_reader(&kms, &|_, _| Ok(()), Box::new(reader)).await.unwrap();
    assert!(read(&*opened, 0, usize::MAX).await.unwrap() == content(65_600));
}

/// Bytes that stand for an object named `bkt/golden`.
#[derive(Debug)]
struct Golden(Bytes, ObjectHead);

impl Golden {
    fn new(bytes: &'static [u8], plain: usize) -> Self {
        let attributes =
            Attributes { headers: vec![(MARK.into(), plain.to_string())], ..Attributes::default() };
        let modified = Timestamp::from_ms(0);
        let name = name("bkt/golden");
        let head = ObjectHead { name, bytes: bytes.len() as u64, modified, version: 1, attributes };
        Self(Bytes::from_static(bytes), head)
    }
}

#[async_trait::async_trait]
impl ObjectReader for Golden {
    fn head(&self) -> &ObjectHead {
        &self.1
    }

    async fn read_at(&self, at: u64, bytes_max: usize) -> Result<Bytes, ObjectError> {
        let from = usize::try_from(at).unwrap().min(self.0.len());
        let to = from.saturating_add(bytes_max).min(self.0.len());
        Ok(self.0.slice(from..to))
    }
}
