"""Calls to services that say who may do what, and that keep secrets and watch over both."""

from .documents import ALLOW_ALL, ROLE, TRUST

RULE = {
    "Name": "all",
    "Priority": 1,
    "Statement": {"GeoMatchStatement": {"CountryCodes": ["DE", "FR"]}},
    "Action": {"Count": {}},
    "VisibilityConfig": {
        "SampledRequestsEnabled": False,
        "CloudWatchMetricsEnabled": False,
        "MetricName": "all",
    },
}
CA = {
    "KeyAlgorithm": "RSA_2048",
    "SigningAlgorithm": "SHA256WITHRSA",
    "Subject": {"CommonName": "stones.example"},
}
GUARD = [{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}]

CALLS = {
    "iam": [
        ("CreateUser", {"UserName": "ada", "Path": "/crew/", "Tags": [{"Key": "k", "Value": "v"}]}),
        ("GetUser", {"UserName": "ada"}),
        ("GetUser", {"UserName": "nobody"}),
        ("ListUsers", {"PathPrefix": "/crew/", "MaxItems": 10}),
        ("CreateAccessKey", {"UserName": "ada"}, {"key": "AccessKey.AccessKeyId"}),
        ("UpdateAccessKey", {"UserName": "ada", "AccessKeyId": "$key", "Status": "Inactive"}),
        ("ListAccessKeys", {"UserName": "ada"}),
        ("DeleteAccessKey", {"UserName": "ada", "AccessKeyId": "$key"}),
        (
            "CreateLoginProfile",
            {"UserName": "ada", "Password": "no-record-shows-This-1", "PasswordResetRequired": True},
        ),
        ("CreateGroup", {"GroupName": "crew"}),
        ("AddUserToGroup", {"GroupName": "crew", "UserName": "ada"}),
        ("GetGroup", {"GroupName": "crew"}),
        ("RemoveUserFromGroup", {"GroupName": "crew", "UserName": "ada"}),
        (
            "CreateRole",
            {"RoleName": "mason", "AssumeRolePolicyDocument": TRUST["policy"]},
            {"mason": "Role.Arn"},
        ),
        ("GetRole", {"RoleName": "mason"}),
        ("PutRolePolicy", {"RoleName": "mason", "PolicyName": "all", "PolicyDocument": ALLOW_ALL}),
        ("GetRolePolicy", {"RoleName": "mason", "PolicyName": "all"}),
        ("CreatePolicy", {"PolicyName": "all", "PolicyDocument": ALLOW_ALL}, {"policy": "Policy.Arn"}),
        ("AttachRolePolicy", {"RoleName": "mason", "PolicyArn": "$policy"}),
        ("ListAttachedRolePolicies", {"RoleName": "mason"}),
        ("DetachRolePolicy", {"RoleName": "mason", "PolicyArn": "$policy"}),
        ("DeletePolicy", {"PolicyArn": "$policy"}),
        ("DeleteUser", {"UserName": "nobody"}),
    ],
    "sts": [
        ("GetCallerIdentity", {}),
        ("AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "dawn", "DurationSeconds": 900}),
        ("GetSessionToken", {"DurationSeconds": 900}),
        ("GetFederationToken", {"Name": "guest"}),
    ],
    "kms": [
        (
            "CreateKey",
            {"Description": "master", "Tags": [{"TagKey": "k", "TagValue": "v"}]},
            {"cmk": "KeyMetadata.KeyId"},
        ),
        ("DescribeKey", {"KeyId": "$cmk"}),
        ("CreateAlias", {"AliasName": "alias/master", "TargetKeyId": "$cmk"}),
        ("ListAliases", {"KeyId": "$cmk"}),
        (
            "Encrypt",
            {"KeyId": "$cmk", "Plaintext": b"no record shows this", "EncryptionContext": {"wall": "north"}},
        ),
        ("GenerateDataKey", {"KeyId": "alias/master", "KeySpec": "AES_256"}),
        ("EnableKeyRotation", {"KeyId": "$cmk"}),
        ("GetKeyRotationStatus", {"KeyId": "$cmk"}),
        ("DisableKey", {"KeyId": "$cmk"}),
        ("ScheduleKeyDeletion", {"KeyId": "$cmk", "PendingWindowInDays": 7}),
        ("DescribeKey", {"KeyId": "alias/none"}),
    ],
    "secretsmanager": [
        (
            "CreateSecret",
            {"Name": "door", "SecretString": "no record shows this", "ClientRequestToken": "0" * 32},
        ),
        ("DescribeSecret", {"SecretId": "door"}),
        ("GetSecretValue", {"SecretId": "door"}),
        ("PutSecretValue", {"SecretId": "door", "SecretString": "nor this", "ClientRequestToken": "1" * 32}),
        ("ListSecrets", {"Filters": [{"Key": "name", "Values": ["door"]}]}),
        ("GetSecretValue", {"SecretId": "none"}),
        ("DeleteSecret", {"SecretId": "door", "RecoveryWindowInDays": 7}),
    ],
    "cognito-idp": [
        ("CreateUserPool", {"PoolName": "visitors"}, {"pool": "UserPool.Id"}),
        ("DescribeUserPool", {"UserPoolId": "$pool"}),
        (
            "CreateUserPoolClient",
            {"UserPoolId": "$pool", "ClientName": "door"},
            {"app": "UserPoolClient.ClientId"},
        ),
        ("ListUserPools", {"MaxResults": 5}),
        ("DeleteUserPool", {"UserPoolId": "us-east-1_none"}),
    ],
    "cognito-identity": [
        ("CreateIdentityPool", {"IdentityPoolName": "visitors", "AllowUnauthenticatedIdentities": True}),
        ("ListIdentityPools", {"MaxResults": 5}),
    ],
    "organizations": [
        ("CreateOrganization", {"FeatureSet": "ALL"}),
        ("DescribeOrganization", {}),
        ("ListRoots", {}, {"root": "Roots[0].Id"}),
        ("CreateOrganizationalUnit", {"ParentId": "$root", "Name": "masons"}),
        ("ListAccounts", {}),
    ],
    "account": [
        (
            "PutAlternateContact",
            {
                "AlternateContactType": "BILLING",
                "Name": "n",
                "Title": "t",
                "PhoneNumber": "1",
                "EmailAddress": "a@b.example",
            },
        ),
        ("GetAlternateContact", {"AlternateContactType": "BILLING"}),
    ],
    "ram": [
        ("CreateResourceShare", {"name": "shared", "allowExternalPrincipals": False}),
        ("GetResourceShares", {"resourceOwner": "SELF"}),
    ],
    "sso-admin": [
        ("ListInstances", {}, {"sso": "Instances[0].InstanceArn"}),
        ("CreatePermissionSet", {"InstanceArn": "$sso", "Name": "reader", "SessionDuration": "PT1H"}),
        ("ListPermissionSets", {"InstanceArn": "$sso"}),
    ],
    "identitystore": [
        ("CreateGroup", {"IdentityStoreId": "d-1234567890", "DisplayName": "masons"}, {"group": "GroupId"}),
        ("DescribeGroup", {"IdentityStoreId": "d-1234567890", "GroupId": "$group"}),
        ("ListUsers", {"IdentityStoreId": "d-1234567890"}),
    ],
    "acm": [
        (
            "RequestCertificate",
            {"DomainName": "stones.example", "ValidationMethod": "DNS"},
            {"certificate": "CertificateArn"},
        ),
        ("DescribeCertificate", {"CertificateArn": "$certificate"}),
        ("ListCertificates", {"MaxItems": 4}),
        ("DeleteCertificate", {"CertificateArn": "$certificate"}),
    ],
    "acm-pca": [
        (
            "CreateCertificateAuthority",
            {
                "CertificateAuthorityConfiguration": CA,
                "CertificateAuthorityType": "ROOT",
                "IdempotencyToken": "once",
            },
            {"ca": "CertificateAuthorityArn"},
        ),
        ("DescribeCertificateAuthority", {"CertificateAuthorityArn": "$ca"}),
        ("ListCertificateAuthorities", {}),
    ],
    "guardduty": [
        (
            "CreateDetector",
            {"Enable": True, "ClientToken": "once", "Features": GUARD},
            {"detector": "DetectorId"},
        ),
        ("GetDetector", {"DetectorId": "$detector"}),
        ("ListDetectors", {"MaxResults": 3}),
        ("DeleteDetector", {"DetectorId": "$detector"}),
    ],
    "macie2": [
        ("EnableMacie", {"status": "ENABLED", "clientToken": "once"}),
        ("GetMacieSession", {}),
        ("DisableMacie", {}),
    ],
    "securityhub": [
        ("EnableSecurityHub", {"EnableDefaultStandards": False, "Tags": {"a": "b"}}),
        ("DescribeHub", {}),
        (
            "GetFindings",
            {"MaxResults": 3, "Filters": {"ProductName": [{"Value": "x", "Comparison": "EQUALS"}]}},
        ),
    ],
    "inspector2": [
        ("Enable", {"resourceTypes": ["EC2", "ECR"], "clientToken": "once"}),
        ("BatchGetAccountStatus", {"accountIds": ["123456789012"]}),
        ("ListFindings", {"maxResults": 3}),
    ],
    "shield": [
        ("CreateSubscription", {}),
        ("DescribeSubscription", {}),
        ("ListProtections", {"MaxResults": 3}),
    ],
    "wafv2": [
        (
            "CreateWebACL",
            {
                "Name": "wall",
                "Scope": "REGIONAL",
                "DefaultAction": {"Allow": {}},
                "Rules": [RULE],
                "VisibilityConfig": RULE["VisibilityConfig"],
            },
            {"acl": "Summary.Id"},
        ),
        ("GetWebACL", {"Name": "wall", "Scope": "REGIONAL", "Id": "$acl"}),
        ("ListWebACLs", {"Scope": "REGIONAL", "Limit": 5}),
        (
            "CreateIPSet",
            {"Name": "few", "Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": ["10.0.0.0/8"]},
        ),
    ],
    "ds": [
        ("DescribeDirectories", {"DirectoryIds": ["d-1234567890"]}),
        ("DescribeDirectories", {"Limit": 3}),
    ],
    "signer": [
        ("PutSigningProfile", {"profileName": "seal", "platformId": "AWSLambda-SHA384-ECDSA"}),
        ("GetSigningProfile", {"profileName": "seal"}),
        ("CancelSigningProfile", {"profileName": "seal"}),
    ],
}
