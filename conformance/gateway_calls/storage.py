"""Calls to services that store: objects, files, images, archives, backups."""

import json

from .documents import READ_POLICY, TRUST

ENCRYPTED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
CORS = {
    "CORSRules": [
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://stones.example"], "MaxAgeSeconds": 5}
    ]
}
EXPIRES = {
    "Rules": [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}}]
}
WEBSITE = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}
FEW = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": False,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": False,
}
PARTS = {"Parts": [{"PartNumber": 1, "ETag": "$etag"}]}
IMAGE_RULES = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 2},
                "action": {"type": "expire"},
            }
        ]
    }
)
AWKWARD_KEY = "a//b+c %2F/ü~(1)*.txt"

CALLS = {
    "s3": [
        ("CreateBucket", {"Bucket": "quarry"}),
        (
            "CreateBucket",
            {"Bucket": "north", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
        ),
        ("HeadBucket", {"Bucket": "quarry"}),
        ("HeadBucket", {"Bucket": "no-such-bucket"}),
        ("ListBuckets", {}),
        ("GetBucketLocation", {"Bucket": "north"}),
        ("PutBucketTagging", {"Bucket": "quarry", "Tagging": {"TagSet": [{"Key": "k", "Value": "v w"}]}}),
        ("GetBucketTagging", {"Bucket": "quarry"}),
        ("PutBucketVersioning", {"Bucket": "quarry", "VersioningConfiguration": {"Status": "Enabled"}}),
        ("GetBucketVersioning", {"Bucket": "quarry"}),
        ("PutBucketEncryption", {"Bucket": "quarry", "ServerSideEncryptionConfiguration": ENCRYPTED}),
        ("GetBucketEncryption", {"Bucket": "quarry"}),
        ("PutBucketCors", {"Bucket": "quarry", "CORSConfiguration": CORS}),
        ("GetBucketCors", {"Bucket": "quarry"}),
        ("PutBucketLifecycleConfiguration", {"Bucket": "quarry", "LifecycleConfiguration": EXPIRES}),
        ("GetBucketLifecycleConfiguration", {"Bucket": "quarry"}),
        ("PutBucketWebsite", {"Bucket": "quarry", "WebsiteConfiguration": WEBSITE}),
        ("GetBucketWebsite", {"Bucket": "quarry"}),
        ("PutPublicAccessBlock", {"Bucket": "quarry", "PublicAccessBlockConfiguration": FEW}),
        ("GetPublicAccessBlock", {"Bucket": "quarry"}),
        ("PutBucketPolicy", {"Bucket": "quarry", "Policy": READ_POLICY}),
        ("GetBucketPolicy", {"Bucket": "quarry"}),
        ("GetBucketAcl", {"Bucket": "quarry"}),
        ("PutBucketAcl", {"Bucket": "quarry", "ACL": "private"}),
        (
            "PutObject",
            {"Bucket": "quarry", "Key": "stone", "Body": b"granite", "Metadata": {"colour": "grey"}},
        ),
        ("PutObject", {"Bucket": "quarry", "Key": AWKWARD_KEY, "Body": b"x", "StorageClass": "STANDARD_IA"}),
        ("PutObject", {"Bucket": "no-such-bucket", "Key": "stone", "Body": b"granite"}),
        ("GetObject", {"Bucket": "quarry", "Key": AWKWARD_KEY}),
        ("GetObject", {"Bucket": "quarry", "Key": "stone", "Range": "bytes=1-3"}),
        ("GetObject", {"Bucket": "quarry", "Key": "no/such/key"}),
        ("HeadObject", {"Bucket": "quarry", "Key": "stone"}),
        ("HeadObject", {"Bucket": "quarry", "Key": "no/such/key"}),
        (
            "PutObjectTagging",
            {"Bucket": "quarry", "Key": "stone", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
        ),
        ("GetObjectTagging", {"Bucket": "quarry", "Key": "stone"}),
        ("GetObjectAcl", {"Bucket": "quarry", "Key": "stone"}),
        ("CopyObject", {"Bucket": "quarry", "Key": "copy", "CopySource": "quarry/stone"}),
        ("ListObjectsV2", {"Bucket": "quarry", "Prefix": "s", "MaxKeys": 5}),
        ("ListObjects", {"Bucket": "quarry", "Delimiter": "/"}),
        ("ListObjectVersions", {"Bucket": "quarry", "Prefix": "stone"}),
        ("CreateMultipartUpload", {"Bucket": "quarry", "Key": "wall"}, {"upload": "UploadId"}),
        (
            "UploadPart",
            {"Bucket": "quarry", "Key": "wall", "UploadId": "$upload", "PartNumber": 1, "Body": b"brick"},
            {"etag": "ETag"},
        ),
        ("ListParts", {"Bucket": "quarry", "Key": "wall", "UploadId": "$upload"}),
        ("ListMultipartUploads", {"Bucket": "quarry"}),
        (
            "CompleteMultipartUpload",
            {"Bucket": "quarry", "Key": "wall", "UploadId": "$upload", "MultipartUpload": PARTS},
        ),
        ("CreateMultipartUpload", {"Bucket": "quarry", "Key": "ruin"}, {"ruin": "UploadId"}),
        ("AbortMultipartUpload", {"Bucket": "quarry", "Key": "ruin", "UploadId": "$ruin"}),
        ("DeleteObjects", {"Bucket": "quarry", "Delete": {"Objects": [{"Key": "copy"}, {"Key": "wall"}]}}),
        ("DeleteObject", {"Bucket": "quarry", "Key": "stone"}),
        ("DeleteBucketCors", {"Bucket": "quarry"}),
        ("DeleteBucketPolicy", {"Bucket": "quarry"}),
        ("DeleteBucketTagging", {"Bucket": "quarry"}),
        ("DeleteBucket", {"Bucket": "quarry"}),
        ("DeleteBucket", {"Bucket": "north"}),
    ],
    "s3control": [
        ("PutPublicAccessBlock", {"AccountId": "123456789012", "PublicAccessBlockConfiguration": FEW}),
        ("GetPublicAccessBlock", {"AccountId": "123456789012"}),
        ("DeletePublicAccessBlock", {"AccountId": "123456789012"}),
    ],
    "s3tables": [
        ("CreateTableBucket", {"name": "slates"}, {"tables": "arn"}),
        ("GetTableBucket", {"tableBucketARN": "$tables"}),
        ("CreateNamespace", {"tableBucketARN": "$tables", "namespace": ["roofs"]}),
        ("ListTableBuckets", {"maxBuckets": 3}),
    ],
    "ecr": [
        ("CreateRepository", {"repositoryName": "tools/chisel", "imageTagMutability": "IMMUTABLE"}),
        ("DescribeRepositories", {"repositoryNames": ["tools/chisel"]}),
        ("PutLifecyclePolicy", {"repositoryName": "tools/chisel", "lifecyclePolicyText": IMAGE_RULES}),
        ("ListImages", {"repositoryName": "tools/chisel"}),
        ("DescribeRepositories", {"repositoryNames": ["none"]}),
        ("GetAuthorizationToken", {}),
        ("DeleteRepository", {"repositoryName": "tools/chisel", "force": True}),
    ],
    "efs": [
        ("CreateFileSystem", {"CreationToken": "once", "Encrypted": True}, {"files": "FileSystemId"}),
        ("DescribeFileSystems", {"FileSystemId": "$files"}),
        ("CreateAccessPoint", {"ClientToken": "once", "FileSystemId": "$files"}),
        ("DescribeAccessPoints", {"FileSystemId": "$files", "MaxResults": 4}),
        ("DeleteFileSystem", {"FileSystemId": "fs-0123456789abcdef0"}),
    ],
    "fsx": [
        (
            "CreateFileSystem",
            {"FileSystemType": "LUSTRE", "StorageCapacity": 1200, "SubnetIds": ["subnet-12345678"]},
        ),
        ("DescribeFileSystems", {"MaxResults": 5}),
    ],
    "glacier": [
        ("CreateVault", {"accountId": "-", "vaultName": "vault"}),
        ("DescribeVault", {"accountId": "-", "vaultName": "vault"}),
        ("ListVaults", {"accountId": "-", "limit": "5"}),
        (
            "UploadArchive",
            {"accountId": "-", "vaultName": "vault", "archiveDescription": "old stones", "body": b"sand"},
        ),
        ("DeleteVault", {"accountId": "-", "vaultName": "vault"}),
    ],
    "backup": [
        ("CreateBackupVault", {"BackupVaultName": "cellar", "CreatorRequestId": "once"}),
        ("DescribeBackupVault", {"BackupVaultName": "cellar"}),
        ("ListBackupVaults", {"MaxResults": 3}),
        ("DeleteBackupVault", {"BackupVaultName": "cellar"}),
    ],
    "datasync": [
        (
            "CreateLocationS3",
            {"S3BucketArn": "arn:aws:s3:::quarry", "S3Config": {"BucketAccessRoleArn": TRUST["role"]}},
        ),
        ("ListLocations", {"MaxResults": 9}),
        ("ListTasks", {}),
    ],
    "transfer": [
        ("CreateServer", {"Protocols": ["SFTP"], "EndpointType": "PUBLIC"}, {"sftp": "ServerId"}),
        ("DescribeServer", {"ServerId": "$sftp"}),
        ("DeleteServer", {"ServerId": "$sftp"}),
    ],
    "mediastore": [
        ("CreateContainer", {"ContainerName": "reels"}),
        ("DescribeContainer", {"ContainerName": "reels"}),
        ("ListContainers", {"MaxResults": 2}),
    ],
    "ebs": [
        ("StartSnapshot", {"VolumeSize": 1, "Description": "first layer"}, {"layers": "SnapshotId"}),
        ("CompleteSnapshot", {"SnapshotId": "$layers", "ChangedBlocksCount": 0}),
        ("ListSnapshotBlocks", {"SnapshotId": "$layers"}),
    ],
}
