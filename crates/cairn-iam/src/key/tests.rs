use super::*;

fn account(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

#[test]
fn reads_the_account_of_keys_made_by_aws() {
    // observed: published in articles on the encoding, with the account that sts:GetAccessKeyInfo
    // gave.
    for (key, owner) in
        [("ASIAQNZGKIQY56JQ7WML", "029608264753"), ("ASIAY34FZKBOKMUTVV7A", "609629065308")]
    {
        let key = AccessKeyId::parse(key).unwrap();
        assert_eq!(key.account(), Some(account(owner)), "{key}");
    }
}

#[test]
fn what_is_minted_says_its_account() {
    let texts = ["000000000000", "000000000001", "123456789012", "999999999998", "999999999999"];
    for text in texts {
        for byte in [0_u8, 0x0f, 0x10, 0x5a, 0xff] {
            for kind in [KeyKind::LongTerm, KeyKind::Temporary] {
                let key = AccessKeyId::mint(kind, &account(text), [byte; 8]);
                assert_eq!(key.as_str().len(), 20);
                assert_eq!(key.account(), Some(account(text)), "{key} of {text}");
                assert_eq!(AccessKeyId::parse(key.as_str()), Ok(key));
            }
        }
    }
}

#[test]
fn entropy_decides_all_characters_behind_the_account() {
    let key = |entropy| AccessKeyId::mint(KeyKind::LongTerm, &account("123456789012"), entropy);
    assert_eq!(key([0; 8]).as_str(), "AKIARZPUZDIKAAAAAAAA");
    assert_eq!(key([0xff; 8]).as_str(), "AKIARZPUZDIKP7777777");
    assert_ne!(key([1, 2, 3, 4, 5, 6, 7, 8]), key([1, 2, 3, 4, 5, 6, 7, 9]));
}

#[test]
fn keys_of_other_forms_say_no_account() {
    for text in [
        "test_key_of_a_rig_01",
        "AKIA0189AAAAAAAAAAAA",
        "AKIAAAAAAAAAAAAAAAAA",
        "AIDARZPUZDIKAAAAAAAA",
    ] {
        assert_eq!(AccessKeyId::parse(text).unwrap().account(), None, "{text}");
    }
    assert_eq!(AccessKeyId::parse("short"), Err(IamError::MalformedAccessKey));
    assert_eq!(AccessKeyId::parse("AKIA/0000000000000000"), Err(IamError::MalformedAccessKey));
}

#[test]
fn unique_ids_have_their_prefix_and_length() {
    let id = mint_unique_id(IdKind::User, &account("123456789012"), [7; 9]);
    assert_eq!(id, "AIDARZPUZDIKHHHHHHHHH");
}

#[test]
fn secrets_have_forty_characters_and_are_not_printed() {
    let secret = SecretKey::mint([0xff; 30]);
    assert_eq!(secret.expose(), "/".repeat(40));
    let counted: [u8; 30] = std::array::from_fn(|index| index as u8);
    assert_eq!(SecretKey::mint(counted).expose(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd");
    assert_eq!(format!("{secret:?}"), "SecretKey(…)");
    assert_eq!(SecretKey::parse(""), Err(IamError::MalformedSecretKey));
    assert_eq!(SecretKey::parse("with space"), Err(IamError::MalformedSecretKey));
}

#[test]
fn keys_of_others_are_plain_text() {
    for key in ["test", "minioadmin", "111122223333", "GK31c2f218a2e44f485b94239e", "a.b-c_d"] {
        assert_eq!(AccessKeyId::foreign(key).unwrap().as_str(), key);
    }
    for key in ["", "a b", "a\"b", "a/b", "\u{e9}", &"x".repeat(ACCESS_KEY_BYTES_MAX + 1)] {
        assert!(AccessKeyId::foreign(key).is_none(), "{key}");
    }
}
