"""KMS with boto3 and the AWS CLI: keys, secrets, aliases, states, policies; objects of S3 under keys."""

import base64
import datetime
import json

import pytest
from botocore.exceptions import ClientError
from server import Server, credentials, records_of

SECRET = b"a secret that no record and no file may show"
MISSING = "1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture(scope="module")
def kms(clients):
    return clients("kms")


@pytest.fixture(scope="module")
def s3(clients):
    s3 = clients("s3")
    s3.create_bucket(Bucket="under-keys")
    return s3


@pytest.fixture
def key(kms):
    return kms.create_key(Description="of a test")["KeyMetadata"]


def error(refused):
    found = refused.value.response["Error"]
    return found["Code"], found.get("Message", "")


@pytest.mark.evidence("documented", "CreateKey and DescribeKey; no kind but symmetric")
def test_a_key_is_described(kms, key):
    assert key == kms.describe_key(KeyId=key["Arn"])["KeyMetadata"]
    assert key["Arn"] == f"arn:aws:kms:us-east-1:{key['AWSAccountId']}:key/{key['KeyId']}"
    assert (key["KeyState"], key["Enabled"], key["KeyManager"]) == ("Enabled", True, "CUSTOMER")
    assert key["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    assert abs(key["CreationDate"] - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(minutes=1)
    listed = [entry for page in kms.get_paginator("list_keys").paginate(Limit=1) for entry in page["Keys"]]
    assert {"KeyId": key["KeyId"], "KeyArn": key["Arn"]} in listed
    with pytest.raises(kms.exceptions.UnsupportedOperationException):
        kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")


@pytest.mark.evidence("documented", "Encrypt, Decrypt, ReEncrypt: the context is bound, in any order")
def test_secrets_go_round(kms, key):
    context = {"project": "alpha", "level": "3"}
    closed = kms.encrypt(KeyId=key["KeyId"], Plaintext=SECRET, EncryptionContext=context)
    assert closed["KeyId"] == key["Arn"] and SECRET not in closed["CiphertextBlob"]
    blob = closed["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=dict(reversed(context.items())))
    assert (opened["Plaintext"], opened["KeyId"]) == (SECRET, key["Arn"])
    for wrong in ({}, {"project": "alpha"}, {**context, "Level": "3"}):
        with pytest.raises(kms.exceptions.InvalidCiphertextException) as refused:
            kms.decrypt(CiphertextBlob=blob, EncryptionContext=wrong)
        assert error(refused)[1] == ""
    other = kms.create_key()["KeyMetadata"]
    with pytest.raises(kms.exceptions.IncorrectKeyException):
        kms.decrypt(CiphertextBlob=blob, EncryptionContext=context, KeyId=other["KeyId"])
    moved = kms.re_encrypt(
        CiphertextBlob=blob, SourceEncryptionContext=context, DestinationKeyId=other["Arn"]
    )
    assert (moved["SourceKeyId"], moved["KeyId"]) == (key["Arn"], other["Arn"])
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == SECRET
    with pytest.raises(ClientError) as refused:
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x" * 4097)
    assert error(refused)[0] == "ValidationException"


@pytest.mark.evidence("documented", "GenerateDataKey, GenerateDataKeyWithoutPlaintext, GenerateRandom")
def test_data_keys(kms, key):
    for ask, length in (({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 64}, 64)):
        made = kms.generate_data_key(KeyId=key["KeyId"], **ask)
        assert len(made["Plaintext"]) == length
        assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == made["Plaintext"]
        bare = kms.generate_data_key_without_plaintext(KeyId=key["KeyId"], **ask)
        assert "Plaintext" not in bare
        assert len(kms.decrypt(CiphertextBlob=bare["CiphertextBlob"])["Plaintext"]) == length
    with pytest.raises(ClientError) as refused:
        kms.generate_data_key(KeyId=key["KeyId"])
    assert error(refused)[0] == "ValidationException"
    assert len(kms.generate_random(NumberOfBytes=17)["Plaintext"]) == 17


@pytest.mark.evidence("observed", "the texts for keys and aliases that are not there")
def test_aliases(kms, key):
    name = "alias/of-a-test"
    kms.create_alias(AliasName=name, TargetKeyId=key["Arn"])
    (alias,) = kms.list_aliases(KeyId=key["KeyId"])["Aliases"]
    assert (alias["AliasName"], alias["TargetKeyId"]) == (name, key["KeyId"])
    for reference in (name, alias["AliasArn"]):
        assert kms.describe_key(KeyId=reference)["KeyMetadata"]["KeyId"] == key["KeyId"]
    with pytest.raises(kms.exceptions.AlreadyExistsException) as refused:
        kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    assert error(refused)[1] == f"An alias with the name {alias['AliasArn']} already exists"
    other = kms.create_key()["KeyMetadata"]
    kms.update_alias(AliasName=name, TargetKeyId=other["KeyId"])
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == other["KeyId"]
    kms.delete_alias(AliasName=name)
    account = key["AWSAccountId"]
    for reference, text in (
        (name, f"Alias arn:aws:kms:us-east-1:{account}:{name} is not found."),
        (MISSING, f"Key 'arn:aws:kms:us-east-1:{account}:key/{MISSING}' does not exist"),
        (f"arn:aws:kms:eu-west-1:{account}:key/{MISSING}", "Invalid arn eu-west-1"),
    ):
        with pytest.raises(kms.exceptions.NotFoundException) as refused:
            kms.describe_key(KeyId=reference)
        assert error(refused)[1] == text


@pytest.mark.evidence("documented", "the table of key states, with its texts")
def test_states(kms, key):
    name = key["KeyId"]
    blob = kms.encrypt(KeyId=name, Plaintext=SECRET)["CiphertextBlob"]
    kms.disable_key(KeyId=name)
    for call in (
        lambda: kms.encrypt(KeyId=name, Plaintext=SECRET),
        lambda: kms.decrypt(CiphertextBlob=blob),
        lambda: kms.generate_data_key(KeyId=name, KeySpec="AES_256"),
    ):
        with pytest.raises(kms.exceptions.DisabledException) as refused:
            call()
        assert error(refused)[1] == f"{key['Arn']} is disabled."
    kms.enable_key(KeyId=name)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == SECRET
    scheduled = kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=7)
    left = scheduled["DeletionDate"] - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(days=6, hours=23) < left <= datetime.timedelta(days=7)
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["DeletionDate"] == scheduled["DeletionDate"]
    with pytest.raises(kms.exceptions.KMSInvalidStateException) as refused:
        kms.decrypt(CiphertextBlob=blob)
    assert error(refused)[1] == f"{key['Arn']} is pending deletion."
    assert kms.cancel_key_deletion(KeyId=name)["KeyId"] == key["Arn"]
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"] == "Disabled"


@pytest.mark.evidence("documented", "key policies decide, also over the root; the lockout check")
def test_policies(kms, key):
    name, account = key["KeyId"], key["AWSAccountId"]
    assert kms.list_key_policies(KeyId=name)["PolicyNames"] == ["default"]
    default = json.loads(kms.get_key_policy(KeyId=name)["Policy"])
    assert default["Statement"][0]["Sid"] == "Enable IAM User Permissions"
    with pytest.raises(kms.exceptions.MalformedPolicyDocumentException):
        kms.put_key_policy(KeyId=name, Policy="{")
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    decrypt = {"Effect": "Allow", "Principal": root, "Action": "kms:Decrypt", "Resource": "*"}
    lockout = json.dumps({"Version": "2012-10-17", "Statement": [decrypt]})
    with pytest.raises(kms.exceptions.MalformedPolicyDocumentException):
        kms.put_key_policy(KeyId=name, Policy=lockout)
    deny = {"Effect": "Deny", "Principal": root, "Action": "kms:Encrypt", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [*default["Statement"], deny]})
    kms.put_key_policy(KeyId=name, Policy=policy)
    assert kms.get_key_policy(KeyId=name, PolicyName="default")["Policy"] == policy
    with pytest.raises(ClientError) as refused:
        kms.encrypt(KeyId=name, Plaintext=SECRET)
    assert error(refused)[0] == "AccessDeniedException"


@pytest.mark.evidence("documented", "tags, description, rotation")
def test_what_is_said_of_a_key(kms, key):
    name = key["KeyId"]
    kms.tag_resource(KeyId=name, Tags=[{"TagKey": "b", "TagValue": "2"}, {"TagKey": "a", "TagValue": "1"}])
    kms.untag_resource(KeyId=name, TagKeys=["b"])
    assert kms.list_resource_tags(KeyId=name)["Tags"] == [{"TagKey": "a", "TagValue": "1"}]
    kms.update_key_description(KeyId=name, Description="another")
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["Description"] == "another"
    assert kms.get_key_rotation_status(KeyId=name)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=name, RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=name)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 90)
    kms.disable_key_rotation(KeyId=name)
    assert kms.get_key_rotation_status(KeyId=name)["KeyRotationEnabled"] is False


@pytest.mark.evidence("documented", "the examples of the AWS CLI for KMS")
def test_the_command_line(aws, tmp_path):
    made = json.loads(aws("kms", "create-key", "--description", "by hand").stdout)["KeyMetadata"]
    aws("kms", "create-alias", "--alias-name", "alias/by-hand", "--target-key-id", made["KeyId"])
    plain, closed = tmp_path / "plain", tmp_path / "closed"
    plain.write_bytes(SECRET)
    text = aws(
        "kms", "encrypt", "--key-id", "alias/by-hand", "--plaintext", f"fileb://{plain}",
        "--query", "CiphertextBlob", "--output", "text",
    ).stdout  # fmt: skip
    closed.write_bytes(base64.b64decode(text))
    text = aws(
        "kms", "decrypt", "--ciphertext-blob", f"fileb://{closed}", "--query", "Plaintext", "--output", "text"
    ).stdout
    assert base64.b64decode(text) == SECRET
    aliases = json.loads(aws("kms", "list-aliases").stdout)["Aliases"]
    assert "alias/by-hand" in [alias["AliasName"] for alias in aliases]
    aws("kms", "schedule-key-deletion", "--key-id", made["KeyId"], "--pending-window-in-days", "7")
    refused = aws("kms", "enable-key", "--key-id", made["KeyId"], check=False)
    assert "KMSInvalidStateException" in refused.stderr
    aws("kms", "cancel-key-deletion", "--key-id", made["KeyId"])


@pytest.mark.evidence("documented", "SSE-KMS: headers, ranges, lengths; the key of the account by default")
def test_objects_under_keys(kms, s3, key, server):
    content = bytes(range(256)) * 1_000
    put = s3.put_object(
        Bucket="under-keys", Key="one", Body=content, ServerSideEncryption="aws:kms", SSEKMSKeyId=key["KeyId"]
    )
    assert (put["ServerSideEncryption"], put["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])
    get = s3.get_object(Bucket="under-keys", Key="one")
    assert get["Body"].read() == content and get["ContentLength"] == len(content)
    assert (get["ServerSideEncryption"], get["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])
    part = s3.get_object(Bucket="under-keys", Key="one", Range="bytes=65530-131080")
    assert part["Body"].read() == content[65530:131081]
    (listed,) = s3.list_objects_v2(Bucket="under-keys", Prefix="one")["Contents"]
    head = s3.head_object(Bucket="under-keys", Key="one")
    assert listed["Size"] == head["ContentLength"] == len(content)
    assert head["SSEKMSKeyId"] == key["Arn"]
    (file,) = (path for path in (server.data / "objects").rglob("one") if path.is_file())
    assert content[:64] not in file.read_bytes()

    by_default = s3.put_object(Bucket="under-keys", Key="two", Body=b"x", ServerSideEncryption="aws:kms")
    own = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert (by_default["SSEKMSKeyId"], own["KeyManager"]) == (own["Arn"], "AWS")
    copied = s3.copy_object(
        Bucket="under-keys", Key="three", CopySource="under-keys/one", ServerSideEncryption="aws:kms"
    )
    assert copied["SSEKMSKeyId"] == own["Arn"]
    assert s3.get_object(Bucket="under-keys", Key="three")["Body"].read() == content


@pytest.mark.evidence("observed", "what S3 says of keys that do not serve")
def test_objects_under_keys_that_do_not_serve(kms, s3, key):
    under = {"Bucket": "under-keys", "Key": "gone", "ServerSideEncryption": "aws:kms"}
    s3.put_object(Body=SECRET, SSEKMSKeyId=key["Arn"], **under)
    kms.disable_key(KeyId=key["KeyId"])
    for call in (
        lambda: s3.get_object(Bucket="under-keys", Key="gone"),
        lambda: s3.put_object(Body=SECRET, SSEKMSKeyId=key["Arn"], **under),
    ):
        with pytest.raises(ClientError) as refused:
            call()
        assert error(refused) == ("KMS.DisabledException", f"{key['Arn']} is disabled.")
    with pytest.raises(ClientError) as refused:
        s3.put_object(Body=SECRET, SSEKMSKeyId=MISSING, **under)
    assert error(refused)[0] == "KMS.NotFoundException"
    kms.enable_key(KeyId=key["KeyId"])
    assert s3.get_object(Bucket="under-keys", Key="gone")["Body"].read() == SECRET


@pytest.mark.evidence("documented", "SSE-KMS for uploads in parts, as the CLI makes them")
def test_large_files_under_keys(aws, s3, key, tmp_path):
    file, back = tmp_path / "large", tmp_path / "back"
    file.write_bytes(bytes(range(256)) * 40_000 + b"tail")
    aws(
        "s3", "cp", str(file), "s3://under-keys/large", "--sse", "aws:kms", "--sse-kms-key-id", key["Arn"]
    )
    head = s3.head_object(Bucket="under-keys", Key="large")
    assert (head["ContentLength"], head["SSEKMSKeyId"]) == (file.stat().st_size, key["Arn"])
    assert head["ETag"].strip('"').endswith("-2")
    aws("s3", "cp", "s3://under-keys/large", str(back))
    assert back.read_bytes() == file.read_bytes()


@pytest.mark.evidence("observed", "records of KMS: management, read-only where nothing changes, no content")
def test_records_show_no_secret(tmp_path):
    import boto3

    server = Server(tmp_path / "data").start()
    access, secret = credentials(server.data)
    kms = boto3.client(
        "kms", "us-east-1", endpoint_url=server.url, aws_access_key_id=access, aws_secret_access_key=secret
    )
    key = kms.create_key()["KeyMetadata"]
    name = key["KeyId"]
    blob = kms.encrypt(KeyId=name, Plaintext=SECRET, EncryptionContext={"a": "b"})["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"})
    data = kms.generate_data_key(KeyId=name, KeySpec="AES_256")
    kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext={"a": "b"}, DestinationKeyId=name)
    random = kms.generate_random(NumberOfBytes=32)["Plaintext"]
    with pytest.raises(ClientError):
        kms.decrypt(CiphertextBlob=blob)
    kms.disable_key(KeyId=name)
    with pytest.raises(ClientError):
        kms.describe_key(KeyId="alias/none")
    assert server.stop() == 0, server.stderr()
    records = [record for record in records_of(server.data) if record["eventSource"] == "kms.amazonaws.com"]
    text = json.dumps(records)
    for hidden in (SECRET, blob, data["Plaintext"], data["CiphertextBlob"], random):
        assert base64.b64encode(hidden).decode() not in text
    assert all(record["eventCategory"] == "Management" and record["managementEvent"] for record in records)
    done = {record["eventName"]: record for record in records if "errorCode" not in record}
    writes = {record["eventName"] for record in records if not record["readOnly"]}
    assert writes == {"CreateKey", "DisableKey"}
    resource = [{"accountId": key["AWSAccountId"], "type": "AWS::KMS::Key", "ARN": key["Arn"]}]
    for event in ("Encrypt", "Decrypt", "GenerateDataKey", "DisableKey", "CreateKey"):
        assert done[event]["resources"] == resource, event
    assert done["Encrypt"]["requestParameters"] == {
        "keyId": name,
        "encryptionContext": {"a": "b"},
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }
    assert all(done[event]["responseElements"] is None for event in ("Encrypt", "Decrypt", "GenerateDataKey"))
    assert done["DisableKey"]["responseElements"] == {"keyId": key["Arn"]}
    assert done["CreateKey"]["responseElements"]["keyMetadata"]["aWSAccountId"] == key["AWSAccountId"]
    material = key["CurrentKeyMaterialId"]
    for event in ("Decrypt", "GenerateDataKey"):
        assert done[event]["additionalEventData"] == {"keyMaterialId": material}
    refused = {record["errorCode"]: record for record in records if "errorCode" in record}
    assert "errorMessage" not in refused["InvalidCiphertextException"]
    assert refused["NotFoundException"]["requestParameters"] is None


@pytest.mark.evidence("assumed", "keys and objects outlive the process")
def test_keys_after_a_restart(tmp_path):
    import boto3

    server = Server(tmp_path / "data").start()
    access, secret = credentials(server.data)

    def client(service):
        return boto3.client(
            service, "us-east-1", endpoint_url=server.url, aws_access_key_id=access, aws_secret_access_key=secret
        )

    name = client("kms").create_key()["KeyMetadata"]["KeyId"]
    blob = client("kms").encrypt(KeyId=name, Plaintext=SECRET)["CiphertextBlob"]
    client("s3").create_bucket(Bucket="kept")
    client("s3").put_object(
        Bucket="kept", Key="k", Body=SECRET, ServerSideEncryption="aws:kms", SSEKMSKeyId=name
    )
    server.kill()
    server.start()
    assert client("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == SECRET
    assert client("s3").get_object(Bucket="kept", Key="k")["Body"].read() == SECRET
    assert server.stop() == 0, server.stderr()
