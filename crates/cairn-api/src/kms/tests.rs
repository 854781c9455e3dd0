//! Calls of KMS from the JSON of the wire to the JSON of the answer.

use serde_json::{Value as Json, json};

use crate::testing::{ACCOUNT, World, cases};

const DAY_MS: i64 = 86_400_000;

struct Client<'w>(&'w World);

impl Client<'_> {
    async fn call(&self, operation: &str, input: Json) -> Json {
        cases(self.0, "kms", operation).call(&input.to_string()).await.json()
    }

    async fn fails(&self, operation: &str, input: Json, code: &str) -> String {
        let outcome = cases(self.0, "kms", operation).call(&input.to_string()).await;
        outcome.fails(code).message()
    }

    /// A new key: its id and ARN.
    async fn key(&self) -> (String, String) {
        let made = self.call("CreateKey", json!({})).await;
        let text = |name: &str| made["KeyMetadata"][name].as_str().unwrap().to_owned();
        (text("KeyId"), text("Arn"))
    }
}

#[tokio::test]
async fn a_new_key_is_as_aws_describes_it() {
    let world = World::new();
    let client = Client(&world);
    let tags = json!([{"TagKey": "b", "TagValue": ""}, {"TagKey": "a", "TagValue": "1"}]);
    let made = client.call("CreateKey", json!({"Description": "d", "Tags": tags})).await;
    let (id, arn) = (&made["KeyMetadata"]["KeyId"], &made["KeyMetadata"]["Arn"]);
    let material = &made["KeyMetadata"]["CurrentKeyMaterialId"];
    assert_eq!(material.as_str().unwrap().len(), 64);
    let wanted = json!({"KeyMetadata": {
        "AWSAccountId": ACCOUNT, "KeyId": id, "Arn": arn, "CreationDate": 1_795_626_000,
        "Enabled": true, "Description": "d", "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled",
        "Origin": "AWS_KMS", "KeyManager": "CUSTOMER", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT", "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": false, "CurrentKeyMaterialId": material,
    }});
    assert_eq!(made, wanted);
    for reference in [id, arn] {
        assert_eq!(client.call("DescribeKey", json!({"KeyId": reference})).await, wanted);
    }
    let listed = client.call("ListResourceTags", json!({"KeyId": id})).await;
    let tags = json!([{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": ""}]);
    assert_eq!(listed, json!({"Tags": tags, "Truncated": false}));
    for (input, what) in [
        (json!({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}), "A KeySpec other"),
        (json!({"KeyUsage": "GENERATE_VERIFY_MAC"}), "A KeyUsage other"),
        (json!({"Origin": "EXTERNAL"}), "An Origin other"),
        (json!({"MultiRegion": true}), "A multi-Region key"),
    ] {
        let message = client.fails("CreateKey", input, "UnsupportedOperationException").await;
        assert!(message.starts_with(what), "{message}");
    }
}

#[tokio::test]
async fn secrets_go_round() {
    let world = World::new();
    let client = Client(&world);
    let (id, arn) = client.key().await;
    let context = json!({"a": "1", "b": "2"});
    let input = json!({"KeyId": id, "Plaintext": "cGxhaW4=", "EncryptionContext": context});
    let closed = client.call("Encrypt", input).await;
    assert_eq!(closed["KeyId"], arn);
    assert_eq!(closed["EncryptionAlgorithm"], "SYMMETRIC_DEFAULT");
    let blob = &closed["CiphertextBlob"];
    let input = json!({"CiphertextBlob": blob, "EncryptionContext": {"b": "2", "a": "1"}});
    let opened = client.call("Decrypt", input.clone()).await;
    assert_eq!((&opened["Plaintext"], &opened["KeyId"]), (&json!("cGxhaW4="), &json!(arn)));
    let mut dry = input;
    dry["DryRun"] = json!(true);
    client.fails("Decrypt", dry, "DryRunOperationException").await;
    let input = json!({"CiphertextBlob": blob, "EncryptionContext": {"a": "1"}});
    let message = client.fails("Decrypt", input, "InvalidCiphertextException").await;
    assert_eq!(message, "");
    client
        .fails("Decrypt", json!({"CiphertextBlob": "anVuaw=="}), "InvalidCiphertextException")
        .await;

    let (other, other_arn) = client.key().await;
    let input = json!({"CiphertextBlob": blob, "EncryptionContext": context, "KeyId": other});
    client.fails("Decrypt", input, "IncorrectKeyException").await;
    let input = json!({"CiphertextBlob": blob, "SourceEncryptionContext": context,
        "DestinationKeyId": other, "DestinationEncryptionContext": {"c": "3"}});
    let again = client.call("ReEncrypt", input).await;
    assert_eq!((&again["SourceKeyId"], &again["KeyId"]), (&json!(arn), &json!(other_arn)));
    let input = json!({"CiphertextBlob": again["CiphertextBlob"], "EncryptionContext": {"c": "3"}});
    assert_eq!(client.call("Decrypt", input).await["Plaintext"], "cGxhaW4=");

    let elsewhere = cases(&world, "kms", "Decrypt").from(ACCOUNT, "eu-west-1");
    let input = json!({"CiphertextBlob": blob, "EncryptionContext": context});
    elsewhere.call(&input.to_string()).await.fails("AccessDeniedException");
}

#[tokio::test]
async fn data_keys_have_the_length_that_was_asked_for() {
    let world = World::new();
    let client = Client(&world);
    let (id, arn) = client.key().await;
    for (input, bytes) in [
        (json!({"KeyId": id, "KeySpec": "AES_256"}), 32),
        (json!({"KeyId": id, "KeySpec": "AES_128"}), 16),
        (json!({"KeyId": arn, "NumberOfBytes": 64}), 64),
    ] {
        let made = client.call("GenerateDataKey", input.clone()).await;
        let plain = made["Plaintext"].as_str().unwrap();
        assert_eq!(plain.trim_end_matches('=').len() * 3 / 4, bytes, "{input}");
        let opened =
            client.call("Decrypt", json!({"CiphertextBlob": made["CiphertextBlob"]})).await;
        assert_eq!(opened["Plaintext"], plain);
        let made = client.call("GenerateDataKeyWithoutPlaintext", input).await;
        assert!(made.get("Plaintext").is_none());
        client.call("Decrypt", json!({"CiphertextBlob": made["CiphertextBlob"]})).await;
    }
    for input in
        [json!({"KeyId": id}), json!({"KeyId": id, "KeySpec": "AES_256", "NumberOfBytes": 32})]
    {
        let message = client.fails("GenerateDataKey", input, "ValidationException").await;
        assert_eq!(message, "Please specify either number of bytes or key spec.");
    }
    let random = client.call("GenerateRandom", json!({"NumberOfBytes": 3})).await;
    assert_eq!(random["Plaintext"].as_str().unwrap().len(), 4);
    let message = client.fails("GenerateRandom", json!({}), "ValidationException").await;
    assert_eq!(message, "NumberOfBytes is required.");
}

#[tokio::test]
async fn algorithms_of_other_kinds_of_keys_are_named() {
    let world = World::new();
    let client = Client(&world);
    let (id, _) = client.key().await;
    let algorithm = "RSAES_OAEP_SHA_256";
    let input = json!({"KeyId": id, "Plaintext": "cA==", "EncryptionAlgorithm": algorithm});
    let message = client.fails("Encrypt", input, "InvalidKeyUsageException").await;
    let wanted = "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.";
    assert_eq!(message, wanted);
}

#[tokio::test]
async fn aliases_name_keys() {
    let world = World::new();
    let client = Client(&world);
    let (one, _) = client.key().await;
    let (two, _) = client.key().await;
    let alias = |name: &str, key: &str| json!({"AliasName": name, "TargetKeyId": key});
    client.call("CreateAlias", alias("alias/a", &one)).await;
    client.call("CreateAlias", alias("alias/b", &two)).await;
    let message =
        client.fails("CreateAlias", alias("alias/a", &two), "AlreadyExistsException").await;
    let arn = format!("arn:aws:kms:us-east-1:{ACCOUNT}:alias/a");
    assert_eq!(message, format!("An alias with the name {arn} already exists"));
    let message = client.fails("CreateAlias", alias("a", &one), "ValidationException").await;
    let wanted = "Alias must start with the prefix \"alias/\". Please see \
                  https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";
    assert_eq!(message, wanted);
    for (name, key, code) in [
        ("alias/a:b", &*one, "ValidationException"),
        ("alias/c", "alias/a", "ValidationException"),
        ("alias/aws/s3", &one, "NotAuthorizedException"),
        ("alias/c", "1234abcd-12ab-34cd-56ef-1234567890ab", "NotFoundException"),
    ] {
        client.fails("CreateAlias", alias(name, key), code).await;
    }
    let page = client.call("ListAliases", json!({"Limit": 1})).await;
    assert_eq!((&page["Truncated"], &page["NextMarker"]), (&json!(true), &json!("alias/a")));
    let page = client.call("ListAliases", json!({"Marker": page["NextMarker"]})).await;
    assert_eq!(page["Aliases"][0]["AliasName"], "alias/b");
    assert_eq!(page["Truncated"], false);
    client.fails("ListAliases", json!({"Marker": "?"}), "InvalidMarkerException").await;
    client.call("UpdateAlias", alias("alias/a", &two)).await;
    let found = client.call("DescribeKey", json!({"KeyId": "alias/a"})).await;
    assert_eq!(found["KeyMetadata"]["KeyId"], two);
    let of_two = client.call("ListAliases", json!({"KeyId": two})).await;
    assert_eq!(of_two["Aliases"].as_array().unwrap().len(), 2);
    client.call("DeleteAlias", json!({"AliasName": "alias/a"})).await;
    let message =
        client.fails("DeleteAlias", json!({"AliasName": "alias/a"}), "NotFoundException").await;
    assert_eq!(message, format!("Alias {arn} is not found."));
    for operation in ["EnableKey", "TagResource", "GetKeyPolicy", "ScheduleKeyDeletion"] {
        let input = json!({"KeyId": "alias/b", "Tags": []});
        client.fails(operation, input, "NotFoundException").await;
    }
}

#[tokio::test]
async fn pages_of_keys_follow_each_other() {
    let world = World::new();
    let client = Client(&world);
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(client.key().await.0);
    }
    made.sort();
    let (mut listed, mut marker) = (Vec::new(), json!({"Limit": 2}));
    loop {
        let page = client.call("ListKeys", marker).await;
        let keys = page["Keys"].as_array().unwrap();
        listed.extend(keys.iter().map(|key| key["KeyId"].as_str().unwrap().to_owned()));
        if page["Truncated"] == false {
            break;
        }
        marker = json!({"Limit": 2, "Marker": page["NextMarker"]});
    }
    assert_eq!(listed, made);
    client.fails("ListKeys", json!({"Marker": "x"}), "InvalidMarkerException").await;
}

/// The table of key states (documented): what each call says to a key that is disabled, and to one
/// that waits for its end.
#[tokio::test]
async fn states_allow_what_the_table_says() {
    const OK: &str = "";
    const DISABLED: &str = "DisabledException";
    const STATE: &str = "KMSInvalidStateException";
    let table = [
        ("CancelKeyDeletion", STATE, OK),
        ("CreateAlias", OK, STATE),
        ("Encrypt", DISABLED, STATE),
        ("GenerateDataKey", DISABLED, STATE),
        ("DescribeKey", OK, OK),
        ("DisableKey", OK, STATE),
        ("EnableKey", OK, STATE),
        ("EnableKeyRotation", DISABLED, STATE),
        ("DisableKeyRotation", DISABLED, STATE),
        ("GetKeyPolicy", OK, OK),
        ("GetKeyRotationStatus", OK, OK),
        ("ListAliases", OK, OK),
        ("ListKeyPolicies", OK, OK),
        ("ListResourceTags", OK, OK),
        ("PutKeyPolicy", OK, OK),
        ("ScheduleKeyDeletion", OK, STATE),
        ("TagResource", OK, STATE),
        ("UntagResource", OK, STATE),
        ("UpdateKeyDescription", OK, STATE),
    ];
    let world = World::new();
    let client = Client(&world);
    for (operation, disabled, pending) in table {
        for (before, wanted) in [("DisableKey", disabled), ("ScheduleKeyDeletion", pending)] {
            let (id, arn) = client.key().await;
            client.call(before, json!({"KeyId": id})).await;
            let account = cairn_store::kms::default_policy(
                &cairn_event::AccountId::parse(ACCOUNT).unwrap(),
                &cairn_event::Region::parse("us-east-1").unwrap(),
            );
            let input = json!({"KeyId": id, "TargetKeyId": id, "AliasName": format!("alias/{id}"),
                "Plaintext": "AA==", "NumberOfBytes": 8, "Tags": [{"TagKey": "a", "TagValue": "b"}],
                "TagKeys": ["a"], "Description": "x", "Policy": account});
            if wanted == OK {
                client.call(operation, input).await;
            } else {
                let message = client.fails(operation, input, wanted).await;
                let why = match (before, operation) {
                    (_, "CancelKeyDeletion") => "is not pending deletion.",
                    ("DisableKey", _) => "is disabled.",
                    _ => "is pending deletion.",
                };
                assert_eq!(message, format!("{arn} {why}"), "{operation}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_ends_when_its_time_is_over() {
    let world = World::new();
    let client = Client(&world);
    let (id, arn) = client.key().await;
    for days in [1, 6, 31, 365] {
        let input = json!({"KeyId": id, "PendingWindowInDays": days});
        let message = client.fails("ScheduleKeyDeletion", input, "ValidationException").await;
        assert_eq!(message, "PendingWindowInDays must be between 7 and 30");
    }
    let closed = client.call("Encrypt", json!({"KeyId": id, "Plaintext": "AA=="})).await;
    let input = json!({"KeyId": id, "PendingWindowInDays": 7});
    let scheduled = client.call("ScheduleKeyDeletion", input).await;
    let wanted = json!({"KeyId": arn, "DeletionDate": 1_795_626_000 + 7 * 86_400,
        "KeyState": "PendingDeletion", "PendingWindowInDays": 7});
    assert_eq!(scheduled, wanted);
    let found = client.call("DescribeKey", json!({"KeyId": id})).await;
    assert_eq!(found["KeyMetadata"]["DeletionDate"], wanted["DeletionDate"]);
    assert_eq!(found["KeyMetadata"]["Enabled"], false);
    world.pass_ms(7 * DAY_MS);
    let message = client.fails("DescribeKey", json!({"KeyId": id}), "NotFoundException").await;
    assert_eq!(message, format!("Key '{arn}' does not exist"));
    let input = json!({"CiphertextBlob": closed["CiphertextBlob"]});
    client.fails("Decrypt", input, "AccessDeniedException").await;
}

#[tokio::test]
async fn policies_decide_also_over_the_root() {
    let world = World::new();
    let client = Client(&world);
    let (id, arn) = client.key().await;
    let policy = client.call("GetKeyPolicy", json!({"KeyId": id})).await;
    assert_eq!(policy["PolicyName"], "default");
    assert!(policy["Policy"].as_str().unwrap().contains("Enable IAM User Permissions"));
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let statement = |effect: &str, action: &str, condition: Json| {
        json!({"Effect": effect, "Principal": {"AWS": root}, "Action": action, "Resource": "*",
            "Condition": condition})
    };
    let document = |statements: Vec<Json>| {
        json!({"Version": "2012-10-17", "Statement": statements}).to_string()
    };
    let all = statement("Allow", "kms:*", json!({}));
    let put = |policy: String| json!({"KeyId": id, "Policy": policy});
    client.fails("PutKeyPolicy", put("{".into()), "MalformedPolicyDocumentException").await;
    let locked = put(document(vec![statement("Allow", "kms:Decrypt", json!({}))]));
    let message =
        client.fails("PutKeyPolicy", locked.clone(), "MalformedPolicyDocumentException").await;
    assert!(message.starts_with("The new key policy will not allow you to update"));
    let named = json!({"KeyId": id, "PolicyName": "other", "Policy": document(vec![all.clone()])});
    client.fails("PutKeyPolicy", named, "NotFoundException").await;

    let denied = json!({"StringEquals": {"kms:EncryptionContext:a": "1"}});
    client
        .call("PutKeyPolicy", put(document(vec![all, statement("Deny", "kms:Encrypt", denied)])))
        .await;
    let encrypt =
        |a: &str| json!({"KeyId": id, "Plaintext": "AA==", "EncryptionContext": {"a": a}});
    client.call("Encrypt", encrypt("2")).await;
    let message = client.fails("Encrypt", encrypt("1"), "AccessDeniedException").await;
    let why = "with an explicit deny in a resource-based policy";
    let wanted =
        format!("User: {root} is not authorized to perform: kms:Encrypt on resource: {arn} {why}");
    assert_eq!(message, wanted);

    let mut insisted = locked;
    insisted["BypassPolicyLockoutSafetyCheck"] = json!(true);
    client.call("PutKeyPolicy", insisted).await;
    client.fails("GetKeyPolicy", json!({"KeyId": id}), "AccessDeniedException").await;
    client.fails("DescribeKey", json!({"KeyId": id}), "AccessDeniedException").await;
}

/// A policy that allows its account everything but one action under a condition.
fn all_but(action: &str, condition: Json) -> String {
    let statement = |effect: &str, action: &str, condition: Json| {
        json!({"Effect": effect, "Principal": {"AWS": ACCOUNT}, "Action": action,
            "Resource": "*", "Condition": condition})
    };
    let all = statement("Allow", "kms:*", json!({}));
    let statements = [all, statement("Deny", action, condition)];
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

#[tokio::test]
async fn policies_see_by_which_alias_a_ciphertext_is_opened() {
    let world = World::new();
    let client = Client(&world);
    let (id, _) = client.key().await;
    for name in ["alias/open", "alias/closed"] {
        client.call("CreateAlias", json!({"AliasName": name, "TargetKeyId": id})).await;
    }
    let closed = client.call("Encrypt", json!({"KeyId": id, "Plaintext": "AA=="})).await;
    let blob = &closed["CiphertextBlob"];
    let decrypt = |named: &str| json!({"CiphertextBlob": blob, "KeyId": named});
    let again =
        |named: &str| json!({"CiphertextBlob": blob, "SourceKeyId": named, "DestinationKeyId": id});
    let condition = json!({"StringEquals": {"kms:RequestAlias": "alias/closed"}});
    for action in ["kms:Decrypt", "kms:ReEncryptFrom"] {
        let policy = all_but(action, condition.clone());
        client.call("PutKeyPolicy", json!({"KeyId": id, "Policy": policy})).await;
        for named in [id.as_str(), "alias/open"] {
            client.call("Decrypt", decrypt(named)).await;
            client.call("ReEncrypt", again(named)).await;
        }
        let (operation, input) = match action {
            "kms:Decrypt" => ("Decrypt", decrypt("alias/closed")),
            _ => ("ReEncrypt", again("alias/closed")),
        };
        client.fails(operation, input, "AccessDeniedException").await;
    }
}

#[tokio::test]
async fn policies_see_how_a_call_came_and_how_soon_a_key_shall_go() {
    let world = World::new();
    let client = Client(&world);
    let (id, _) = client.key().await;
    let put = async |action: &str, condition: Json| {
        let policy = all_but(action, condition);
        client.call("PutKeyPolicy", json!({"KeyId": id, "Policy": policy})).await;
    };
    let input = json!({"KeyId": id, "Plaintext": "AA=="});
    put("kms:Encrypt", json!({"Bool": {"aws:SecureTransport": "false"}})).await;
    client.fails("Encrypt", input.clone(), "AccessDeniedException").await;
    cases(&world, "kms", "Encrypt").over_tls().call(&input.to_string()).await.json();
    // Tests call from 192.0.2.1.
    put("kms:Encrypt", json!({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})).await;
    client.fails("Encrypt", input.clone(), "AccessDeniedException").await;
    put("kms:Encrypt", json!({"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}})).await;
    client.call("Encrypt", input).await;
    let key = "kms:ScheduleKeyDeletionPendingWindowInDays";
    put("kms:ScheduleKeyDeletion", json!({"NumericLessThan": {key: 21}})).await;
    let days = |days: u32| json!({"KeyId": id, "PendingWindowInDays": days});
    client.fails("ScheduleKeyDeletion", days(20), "AccessDeniedException").await;
    client.call("ScheduleKeyDeletion", days(21)).await;
    client.call("CancelKeyDeletion", json!({"KeyId": id})).await;
    client.call("ScheduleKeyDeletion", json!({"KeyId": id})).await;
}

#[tokio::test]
async fn other_accounts_need_the_policy() {
    let world = World::new();
    let client = Client(&world);
    let (id, arn) = client.key().await;
    let input = json!({"KeyId": arn, "Plaintext": "AA=="}).to_string();
    let stranger = || cases(&world, "kms", "Encrypt").from("444455556666", "us-east-1");
    stranger().call(&input).await.fails("AccessDeniedException");
    let statement = |account: &str, action: &str| json!({"Effect": "Allow", "Principal": {"AWS": account}, "Action": action, "Resource": "*"});
    let policy = json!({"Version": "2012-10-17", "Statement":
        [statement(ACCOUNT, "kms:*"), statement("444455556666", "kms:*")]});
    client.call("PutKeyPolicy", json!({"KeyId": id, "Policy": policy.to_string()})).await;
    stranger().call(&input).await.json();
    let input = json!({"KeyId": arn}).to_string();
    let disable = cases(&world, "kms", "DisableKey").from("444455556666", "us-east-1");
    disable.call(&input).await.fails("AccessDeniedException");
    let elsewhere = cases(&world, "kms", "DescribeKey").from(ACCOUNT, "us-west-2");
    let error = elsewhere.call(&input).await.fails("NotFoundException");
    assert_eq!(error.message(), "Invalid arn us-east-1");
}

#[tokio::test]
async fn tags_and_rotation_are_kept() {
    let world = World::new();
    let client = Client(&world);
    let (id, arn) = client.key().await;
    let tag = |name: &str| json!({"TagKey": name, "TagValue": "v"});
    client.call("TagResource", json!({"KeyId": id, "Tags": [tag("a"), tag("b")]})).await;
    client.call("UntagResource", json!({"KeyId": id, "TagKeys": ["a", "z"]})).await;
    let listed = client.call("ListResourceTags", json!({"KeyId": id, "Limit": 1})).await;
    assert_eq!(listed, json!({"Tags": [tag("b")], "Truncated": false}));
    let many: Vec<Json> = (0..50).map(|number| tag(&format!("t{number}"))).collect();
    for (tags, text) in [
        (json!([tag("aws:x")]), "Tags beginning with aws: are reserved"),
        (json!([tag("AWS:x")]), "Tags beginning with aws: are reserved"),
        (json!([tag("a"), tag("a")]), "Duplicate tag keys"),
        (json!(many), "Too many tags"),
    ] {
        let input = json!({"KeyId": id, "Tags": tags});
        assert_eq!(client.fails("TagResource", input, "TagException").await, text);
    }
    let off = json!({"KeyId": arn, "KeyRotationEnabled": false});
    assert_eq!(client.call("GetKeyRotationStatus", json!({"KeyId": id})).await, off);
    client.call("EnableKeyRotation", json!({"KeyId": id})).await;
    let on = json!({"KeyId": arn, "KeyRotationEnabled": true, "RotationPeriodInDays": 365,
        "NextRotationDate": 1_795_626_000 + 365 * 86_400});
    assert_eq!(client.call("GetKeyRotationStatus", json!({"KeyId": id})).await, on);
    client.call("DisableKeyRotation", json!({"KeyId": id})).await;
    assert_eq!(client.call("GetKeyRotationStatus", json!({"KeyId": id})).await, off);
    client.call("UpdateKeyDescription", json!({"KeyId": id, "Description": "new"})).await;
    let found = client.call("DescribeKey", json!({"KeyId": id})).await;
    assert_eq!(found["KeyMetadata"]["Description"], "new");
}
