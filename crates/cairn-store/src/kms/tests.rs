use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use cairn_event::{AccountId, Region, Timestamp};

use super::*;
use crate::SqliteMeta;
use crate::meta::{Key, KeyPrefix};
use crate::seal::MasterKey;

const DAY_MS: i64 = 86_400_000;

struct World {
    kms: Kms,
    meta: Arc<SqliteMeta>,
    now: Arc<AtomicI64>,
    _directory: tempfile::TempDir,
}

fn account() -> AccountId {
    AccountId::parse("111122223333").unwrap()
}

fn region() -> Region {
    Region::parse("us-east-1").unwrap()
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let meta = Arc::new(SqliteMeta::open(&directory.path().join("meta.sqlite")).unwrap());
        let now = Arc::new(AtomicI64::new(1_795_626_000_000));
        let kms = Self::over(&meta, &now, 1);
        Self { kms, meta, now, _directory: directory }
    }

    fn over(meta: &Arc<SqliteMeta>, now: &Arc<AtomicI64>, master: u8) -> Kms {
        let (now, next) = (Arc::clone(now), AtomicU8::new(0));
        Kms::new(
            Arc::clone(meta) as _,
            MasterKey::new([master; 32]),
            Arc::new(move || Timestamp::from_ms(now.load(Ordering::SeqCst))),
            Arc::new(move |bytes| bytes.fill_with(|| next.fetch_add(1, Ordering::SeqCst))),
        )
    }

    async fn key(&self) -> KmsKey {
        let new = NewKey {
            account: account(),
            region: region(),
            description: "for tests".into(),
            policy: None,
            tags: Vec::new(),
            managed_by: KeyOwner::Customer,
        };
        self.kms.create(new).await.unwrap()
    }

    async fn find(&self, reference: &str) -> Result<KmsKey, KmsError> {
        self.kms.find(reference, &account(), &region()).await
    }

    fn pass_days(&self, days: i64) {
        self.now.fetch_add(days * DAY_MS, Ordering::SeqCst);
    }

    async fn keys_in_state(&self) -> usize {
        self.meta.list(&KeyPrefix::new("kms/"), None, 100).await.unwrap().len()
    }
}

fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
    pairs.iter().copied().collect()
}

#[tokio::test]
async fn a_ciphertext_opens_with_its_context_only() {
    let world = World::new();
    let key = world.key().await;
    let bound = context(&[("a", "1"), ("b", "2")]);
    let Encrypted { blob, material_id } = world.kms.encrypt(&key, b"plain", &bound).await.unwrap();
    assert_eq!(material_id, key.material_id());
    assert_eq!(world.kms.key_of(&blob).await.unwrap(), key);
    let opened = world.kms.decrypt(&key, &blob, &context(&[("b", "2"), ("a", "1")])).unwrap();
    assert_eq!((opened.plain.as_bytes(), opened.material_id), (&b"plain"[..], material_id));
    for other in [&[][..], &[("a", "1")], &[("a", "1"), ("b", "3")], &[("A", "1"), ("b", "2")]] {
        let refused = world.kms.decrypt(&key, &blob, &context(other));
        assert!(matches!(refused, Err(KmsError::CiphertextInvalid)), "{other:?}");
    }
    for at in 0..blob.len() {
        let mut broken = blob.clone();
        broken[at] ^= 1;
        assert!(world.kms.decrypt(&key, &broken, &bound).is_err(), "byte {at}");
        assert!(world.kms.decrypt(&key, &blob[..at], &bound).is_err(), "{at} bytes");
    }
    let other = world.key().await;
    let refused = world.kms.decrypt(&other, &blob, &bound);
    assert!(matches!(refused, Err(KmsError::KeyIncorrect)));
    assert!(matches!(world.kms.key_of(b"junk").await, Err(KmsError::CiphertextInvalid)));
}

#[tokio::test]
async fn what_version_1_wrote_is_read() {
    let world = World::new();
    for (key, value) in [
        (include_str!("golden/key.txt"), include_str!("golden/key.json")),
        (include_str!("golden/alias.txt"), include_str!("golden/alias.json")),
    ] {
        let key = Key::parse(key.trim()).unwrap();
        world.meta.swap(&key, None, value.trim().to_owned().into()).await.unwrap();
    }
    let kms = World::over(&world.meta, &world.now, 7);
    let key = kms.find("alias/golden", &account(), &region()).await.unwrap();
    let blob = include_bytes!("golden/ciphertext.bin");
    assert_eq!(kms.key_of(blob).await.unwrap(), key);
    let opened = kms.decrypt(&key, blob, &context(&[("purpose", "golden")])).unwrap();
    assert_eq!(opened.plain.as_bytes(), b"what version 1 wrote");
}

#[tokio::test]
async fn every_reference_finds_the_key() {
    let world = World::new();
    let key = world.key().await;
    let alias = world.kms.create_alias("alias/a", &key).await.unwrap();
    for reference in [&key.id, &key.arn(), &alias.name, &alias.arn()] {
        assert_eq!(world.find(reference).await.unwrap(), key, "{reference}");
    }
    let missing = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let error = world.find(missing).await.unwrap_err().to_string();
    let arn = format!("arn:aws:kms:us-east-1:111122223333:key/{missing}");
    assert_eq!(error, format!("Key '{arn}' does not exist"));
    let error = world.find("alias/b").await.unwrap_err().to_string();
    assert_eq!(error, "Alias arn:aws:kms:us-east-1:111122223333:alias/b is not found.");
    let elsewhere = Region::parse("us-west-2").unwrap();
    assert!(world.kms.find(&key.id, &account(), &elsewhere).await.is_err());
}

#[tokio::test]
async fn aliases_move_and_go() {
    let world = World::new();
    let (one, two) = (world.key().await, world.key().await);
    world.kms.create_alias("alias/a", &one).await.unwrap();
    let error = world.kms.create_alias("alias/a", &two).await.unwrap_err().to_string();
    let arn = "arn:aws:kms:us-east-1:111122223333:alias/a";
    assert_eq!(error, format!("An alias with the name {arn} already exists"));
    world.kms.update_alias("alias/a", &two).await.unwrap();
    assert_eq!(world.find("alias/a").await.unwrap(), two);
    for number in 1..50 {
        world.kms.create_alias(&format!("alias/more-{number:02}"), &two).await.unwrap();
    }
    let refused = world.kms.create_alias("alias/x", &two).await;
    assert!(matches!(refused, Err(KmsError::LimitReached { limit: 50, .. })));
    let (page, more) =
        world.kms.list_aliases(&account(), &region(), Some(&two), None, 49).await.unwrap();
    assert!(more);
    let last = &page.last().unwrap().name;
    let (rest, more) =
        world.kms.list_aliases(&account(), &region(), None, Some(last), 49).await.unwrap();
    assert_eq!((rest.len(), more), (1, false));
    world.kms.delete_alias(&account(), &region(), "alias/a").await.unwrap();
    assert!(world.find("alias/a").await.is_err());
    assert_eq!(world.find(&two.id).await.unwrap(), two);
}

#[tokio::test]
async fn a_key_serves_by_its_state() {
    let world = World::new();
    let key = world.key().await;
    let none = EncryptionContext::empty();
    let blob = world.kms.encrypt(&key, b"plain", &none).await.unwrap().blob;
    let disabled = world.kms.disable(&key).await.unwrap();
    assert_eq!(disabled.state, KeyState::Disabled);
    let refused = world.kms.encrypt(&disabled, b"plain", &none).await.unwrap_err();
    assert_eq!(refused.to_string(), format!("{} is disabled.", key.arn()));
    assert_eq!(refused.s3_code(), Some("KMS.DisabledException"));
    assert!(world.kms.decrypt(&disabled, &blob, &none).is_err());
    let enabled = world.kms.enable(&key).await.unwrap();
    assert_eq!(world.kms.decrypt(&enabled, &blob, &none).unwrap().plain.as_bytes(), b"plain");

    let refused = world.kms.cancel_deletion(&key).await.unwrap_err();
    assert_eq!(refused.to_string(), format!("{} is not pending deletion.", key.arn()));
    let pending = world.kms.schedule_deletion(&key, 7).await.unwrap();
    let refused = world.kms.decrypt(&pending, &blob, &none).unwrap_err();
    assert_eq!(refused.to_string(), format!("{} is pending deletion.", key.arn()));
    assert!(world.kms.enable(&key).await.is_err());
    assert!(world.kms.schedule_deletion(&key, 8).await.is_err());
    let cancelled = world.kms.cancel_deletion(&key).await.unwrap();
    assert_eq!(cancelled.state, KeyState::Disabled);
}

#[tokio::test]
async fn a_key_whose_time_is_over_is_gone_with_all_of_it() {
    let world = World::new();
    let (used, forgotten, kept) = (world.key().await, world.key().await, world.key().await);
    for (key, alias) in [(&used, "alias/u"), (&forgotten, "alias/f"), (&kept, "alias/k")] {
        world.kms.create_alias(alias, key).await.unwrap();
    }
    world.kms.schedule_deletion(&used, 7).await.unwrap();
    world.kms.schedule_deletion(&forgotten, 7).await.unwrap();
    world.pass_days(6);
    assert_eq!(world.kms.destroy_due().await.unwrap(), 0);
    assert!(world.find("alias/u").await.is_ok());
    world.pass_days(1);
    let (listed, _) = world.kms.list(&account(), &region(), None, 10).await.unwrap();
    assert_eq!(listed, [kept]);
    assert!(matches!(world.find("alias/u").await, Err(KmsError::AliasNotFound { .. })));
    assert!(matches!(world.find(&used.id).await, Err(KmsError::KeyNotFound { .. })));
    assert_eq!(world.keys_in_state().await, 4, "one key and its alias have been destroyed");
    assert_eq!(world.kms.destroy_due().await.unwrap(), 1);
    assert_eq!(world.keys_in_state().await, 2);
    assert_eq!(world.kms.destroy_due().await.unwrap(), 0);
}

#[tokio::test]
async fn a_key_is_destroyed_by_the_clock_of_ages() {
    let world = World::new();
    let start = world.now.load(Ordering::SeqCst);
    let age = Arc::new(AtomicI64::new(start));
    let aging = Arc::clone(&age);
    let kms = world
        .kms
        .clone()
        .destroying_by(Arc::new(move || Timestamp::from_ms(aging.load(Ordering::SeqCst))));
    let key = world.key().await;
    kms.schedule_deletion(&key, 7).await.unwrap();
    // The wall clock jumps.
    world.pass_days(3_650);
    assert_eq!(kms.destroy_due().await.unwrap(), 0);
    let found = kms.find(&key.id, &account(), &region()).await.unwrap();
    assert!(kms.encrypt(&found, b"x", &EncryptionContext::default()).await.is_err());
    assert_eq!(kms.list(&account(), &region(), None, 10).await.unwrap().0, [found]);
    age.fetch_add(7 * DAY_MS, Ordering::SeqCst);
    assert_eq!(kms.destroy_due().await.unwrap(), 1);
}

#[tokio::test]
async fn a_destroyed_key_leaves_nothing_in_the_file() {
    let world = World::new();
    let key = world.key().await;
    world.kms.schedule_deletion(&key, 7).await.unwrap();
    world.pass_days(7);
    let World { kms, meta, _directory: directory, .. } = world;
    let material = key.materials[0].sealed.as_bytes();
    let is_there = || {
        let files = std::fs::read_dir(directory.path()).unwrap();
        files.into_iter().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(material.len()).any(|window| window == material)
        })
    };
    assert!(is_there());
    kms.destroy_due().await.unwrap();
    // The last one to close the file puts it in order.
    drop((kms, meta));
    assert!(!is_there());
}

#[tokio::test]
async fn new_material_encrypts_and_old_still_opens() {
    let world = World::new();
    let none = EncryptionContext::empty();
    let key = world.kms.set_rotation(&world.key().await, Some(90)).await.unwrap();
    let before = world.kms.encrypt(&key, b"old", &none).await.unwrap();
    world.pass_days(90);
    let after = world.kms.encrypt(&key, b"new", &none).await.unwrap();
    assert_ne!(before.material_id, after.material_id);
    let key = world.find(&key.id).await.unwrap();
    assert_eq!(key.material_id(), after.material_id);
    assert_eq!(key.rotation.unwrap().next.as_ms(), world.now.load(Ordering::SeqCst) + 90 * DAY_MS);
    for (encrypted, plain) in [(&before, b"old"), (&after, b"new")] {
        let opened = world.kms.decrypt(&key, &encrypted.blob, &none).unwrap();
        assert_eq!(opened.plain.as_bytes(), plain);
        assert_eq!(opened.material_id, encrypted.material_id);
    }
    let key = world.kms.set_rotation(&key, None).await.unwrap();
    world.pass_days(900);
    let last = world.kms.encrypt(&key, b"new", &none).await.unwrap();
    assert_eq!(last.material_id, after.material_id);
}

#[tokio::test]
async fn material_is_sealed_for_its_own_key() {
    let world = World::new();
    let none = EncryptionContext::empty();
    let (one, two) = (world.key().await, world.key().await);
    let stranger = World::over(&world.meta, &world.now, 2);
    let refused = stranger.encrypt(&one, b"plain", &none).await;
    assert!(matches!(refused, Err(KmsError::Damaged { .. })), "another master key");
    let planted = KmsKey { materials: one.materials.clone(), ..two };
    let refused = world.kms.encrypt(&planted, b"plain", &none).await;
    assert!(matches!(refused, Err(KmsError::Damaged { .. })), "another key's material");
    let entries = world.meta.list(&KeyPrefix::new("kms/key/"), None, 10).await.unwrap();
    for (_, entry) in &entries {
        let text = String::from_utf8(entry.value.to_vec()).unwrap();
        assert!(text.contains("\"sealed\":"));
    }
    assert_eq!(entries.len(), 2);
}

#[tokio::test]
async fn changes_of_two_callers_both_hold() {
    let world = World::new();
    let key = world.key().await;
    let tag = |name: &'static str| {
        let kms = world.kms.clone();
        let key = key.clone();
        async move {
            kms.update(&key, |key| {
                key.tags.push((name.to_owned(), String::new()));
                Ok(())
            })
            .await
            .unwrap();
        }
    };
    tokio::join!(tag("a"), tag("b"), tag("c"));
    let mut tags = world.find(&key.id).await.unwrap().tags;
    tags.sort();
    assert_eq!(tags.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_service_has_one_key_for_an_account() {
    let world = World::new();
    let (account, region) = (account(), region());
    let (one, two) = tokio::join!(
        world.kms.service_key(&account, &region, "s3"),
        world.kms.service_key(&account, &region, "s3")
    );
    let key = one.unwrap();
    assert_eq!(key, two.unwrap());
    assert_eq!(key.managed_by, KeyOwner::Service);
    assert_eq!(world.find("alias/aws/s3").await.unwrap(), key);
    assert_eq!(world.keys_in_state().await, 2);
}
