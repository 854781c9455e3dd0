"""Calls to services that hold data to be queried: tables, databases, streams, catalogues."""

from .documents import ROLE

HASH = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
BATCH = {
    "stones": [
        {"PutRequest": {"Item": {"id": {"S": "slate"}}}},
        {"DeleteRequest": {"Key": {"id": {"S": "x"}}}},
    ]
}
TO_S3 = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::quarry", "Prefix": "in/"}
POINT = {"Dimensions": [{"Name": "wall", "Value": "north"}], "MeasureName": "crack", "MeasureValue": "0.5"}

CALLS = {
    "dynamodb": [
        (
            "CreateTable",
            {"TableName": "stones", "StreamSpecification": STREAM, **HASH},
            {"feed": "TableDescription.LatestStreamArn", "table": "TableDescription.TableArn"},
        ),
        ("DescribeTable", {"TableName": "stones"}),
        ("ListTables", {"Limit": 10}),
        ("PutItem", {"TableName": "stones", "Item": {"id": {"S": "granite"}, "age": {"N": "300"}}}),
        ("GetItem", {"TableName": "stones", "Key": {"id": {"S": "granite"}}, "ConsistentRead": True}),
        (
            "UpdateItem",
            {
                "TableName": "stones",
                "Key": {"id": {"S": "granite"}},
                "UpdateExpression": "SET age = :a",
                "ExpressionAttributeValues": {":a": {"N": "301"}},
                "ReturnValues": "ALL_NEW",
            },
        ),
        (
            "Query",
            {
                "TableName": "stones",
                "KeyConditionExpression": "id = :i",
                "ExpressionAttributeValues": {":i": {"S": "x"}},
            },
        ),
        ("Scan", {"TableName": "stones", "Limit": 3}),
        ("BatchWriteItem", {"RequestItems": BATCH}),
        (
            "UpdateTimeToLive",
            {"TableName": "stones", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "t"}},
        ),
        ("DescribeTimeToLive", {"TableName": "stones"}),
        ("TagResource", {"ResourceArn": "$table", "Tags": [{"Key": "a", "Value": "b"}]}),
        ("ListTagsOfResource", {"ResourceArn": "$table"}),
        ("PutItem", {"TableName": "none", "Item": {"id": {"S": "granite"}}}),
        ("DeleteItem", {"TableName": "stones", "Key": {"id": {"S": "granite"}}}),
        ("DescribeContinuousBackups", {"TableName": "stones"}),
    ],
    "dynamodbstreams": [
        ("ListStreams", {"TableName": "stones"}),
        ("DescribeStream", {"StreamArn": "$feed"}, {"shard": "StreamDescription.Shards[0].ShardId"}),
        (
            "GetShardIterator",
            {"StreamArn": "$feed", "ShardId": "$shard", "ShardIteratorType": "TRIM_HORIZON"},
            {"iterator": "ShardIterator"},
        ),
        ("GetRecords", {"ShardIterator": "$iterator"}),
    ],
    "kinesis": [
        ("CreateStream", {"StreamName": "gravel", "ShardCount": 1}),
        ("DescribeStreamSummary", {"StreamName": "gravel"}, {"gravel": "StreamDescriptionSummary.StreamARN"}),
        ("PutRecord", {"StreamName": "gravel", "Data": b"pebble", "PartitionKey": "p"}),
        ("RegisterStreamConsumer", {"StreamARN": "$gravel", "ConsumerName": "sieve"}),
        ("ListStreams", {"Limit": 2}),
        ("DescribeStream", {"StreamName": "none"}),
        ("DeleteStream", {"StreamName": "gravel"}),
    ],
    "firehose": [
        (
            "CreateDeliveryStream",
            {"DeliveryStreamName": "chute", "ExtendedS3DestinationConfiguration": TO_S3},
        ),
        ("DescribeDeliveryStream", {"DeliveryStreamName": "chute"}),
        ("ListDeliveryStreams", {"Limit": 3}),
        ("DeleteDeliveryStream", {"DeliveryStreamName": "chute"}),
    ],
    "rds": [
        (
            "CreateDBInstance",
            {
                "DBInstanceIdentifier": "ledger",
                "DBInstanceClass": "db.t3.micro",
                "Engine": "postgres",
                "AllocatedStorage": 20,
                "MasterUsername": "mason",
                "MasterUserPassword": "no-record-shows-this",
            },
        ),
        ("DescribeDBInstances", {"DBInstanceIdentifier": "ledger"}),
        (
            "ModifyDBInstance",
            {"DBInstanceIdentifier": "ledger", "AllocatedStorage": 30, "ApplyImmediately": True},
        ),
        ("CreateDBSnapshot", {"DBInstanceIdentifier": "ledger", "DBSnapshotIdentifier": "page"}),
        ("DescribeDBSnapshots", {"DBSnapshotIdentifier": "page"}),
        ("DescribeDBInstances", {"DBInstanceIdentifier": "none"}),
        ("DeleteDBInstance", {"DBInstanceIdentifier": "ledger", "SkipFinalSnapshot": True}),
    ],
    "neptune": [("DescribeDBClusters", {"Filters": [{"Name": "engine", "Values": ["neptune"]}]})],
    "docdb": [("DescribeDBClusters", {"MaxRecords": 20})],
    "redshift": [
        (
            "CreateCluster",
            {
                "ClusterIdentifier": "barn",
                "NodeType": "ds2.xlarge",
                "MasterUsername": "mason",
                "MasterUserPassword": "No-record-shows-1",
            },
        ),
        ("DescribeClusters", {"ClusterIdentifier": "barn"}),
        ("DescribeClusters", {"ClusterIdentifier": "none"}),
        ("DeleteCluster", {"ClusterIdentifier": "barn", "SkipFinalClusterSnapshot": True}),
    ],
    "redshift-data": [
        (
            "ExecuteStatement",
            {"Sql": "select 1", "Database": "barn", "ClusterIdentifier": "barn"},
            {"query": "Id"},
        ),
        ("DescribeStatement", {"Id": "$query"}),
    ],
    "elasticache": [
        (
            "CreateUser",
            {
                "UserId": "mason",
                "UserName": "mason",
                "Engine": "redis",
                "AccessString": "on",
                "NoPasswordRequired": True,
            },
        ),
        ("DescribeUsers", {"UserId": "mason"}),
        (
            "CreateCacheCluster",
            {
                "CacheClusterId": "shelf",
                "Engine": "redis",
                "NumCacheNodes": 1,
                "CacheNodeType": "cache.t3.micro",
            },
        ),
        ("DescribeCacheClusters", {"CacheClusterId": "shelf"}),
        ("DescribeCacheClusters", {"CacheClusterId": "none"}),
    ],
    "memorydb": [
        ("CreateSubnetGroup", {"SubnetGroupName": "near", "SubnetIds": ["$subnet"]}),
        ("DescribeSubnetGroups", {"SubnetGroupName": "near"}),
        ("DescribeClusters", {"ClusterName": "none"}),
    ],
    "dax": [("DescribeClusters", {"ClusterNames": ["none"]}), ("DescribeClusters", {"MaxResults": 20})],
    "athena": [
        ("CreateWorkGroup", {"Name": "diggers", "Description": "who dig"}),
        ("ListWorkGroups", {"MaxResults": 4}),
        ("GetWorkGroup", {"WorkGroup": "diggers"}),
        (
            "StartQueryExecution",
            {"QueryString": "select 1", "WorkGroup": "diggers"},
            {"dig": "QueryExecutionId"},
        ),
        ("GetQueryExecution", {"QueryExecutionId": "$dig"}),
    ],
    "glue": [
        ("CreateDatabase", {"DatabaseInput": {"Name": "layers", "Description": "all of them"}}),
        ("GetDatabase", {"Name": "layers"}),
        (
            "CreateTable",
            {"DatabaseName": "layers", "TableInput": {"Name": "clay", "Parameters": {"depth": "3"}}},
        ),
        ("GetTables", {"DatabaseName": "layers"}),
        ("GetTable", {"DatabaseName": "layers", "Name": "none"}),
        ("DeleteTable", {"DatabaseName": "layers", "Name": "clay"}),
        ("DeleteDatabase", {"Name": "layers"}),
    ],
    "lakeformation": [("ListResources", {"MaxResults": 4}), ("ListPermissions", {})],
    "timestream-write": [
        ("CreateDatabase", {"DatabaseName": "cracks"}),
        ("CreateTable", {"DatabaseName": "cracks", "TableName": "walls"}),
        ("WriteRecords", {"DatabaseName": "cracks", "TableName": "walls", "Records": [POINT]}),
        ("DescribeTable", {"DatabaseName": "cracks", "TableName": "walls"}),
        ("DeleteTable", {"DatabaseName": "cracks", "TableName": "walls"}),
    ],
    "opensearch": [
        ("CreateDomain", {"DomainName": "finder", "EngineVersion": "OpenSearch_2.5"}),
        ("DescribeDomain", {"DomainName": "finder"}),
        ("ListDomainNames", {"EngineType": "OpenSearch"}),
        ("DeleteDomain", {"DomainName": "finder"}),
    ],
    "es": [
        ("CreateElasticsearchDomain", {"DomainName": "old-finder", "ElasticsearchVersion": "7.10"}),
        ("DescribeElasticsearchDomain", {"DomainName": "old-finder"}),
    ],
    "sdb": [("CreateDomain", {"DomainName": "cards"}), ("ListDomains", {"MaxNumberOfDomains": 3})],
    "dms": [
        ("DescribeReplicationTasks", {"MaxRecords": 20}),
        ("DescribeEndpoints", {"Filters": [{"Name": "endpoint-type", "Values": ["source"]}]}),
    ],
    "quicksight": [
        ("CreateGroup", {"AwsAccountId": "123456789012", "Namespace": "default", "GroupName": "readers"}),
        ("DescribeGroup", {"AwsAccountId": "123456789012", "Namespace": "default", "GroupName": "readers"}),
        ("ListGroups", {"AwsAccountId": "123456789012", "Namespace": "default"}),
    ],
    "databrew": [
        (
            "CreateRuleset",
            {
                "Name": "rules",
                "TargetArn": "arn:aws:databrew:us-east-1:123456789012:dataset/d",
                "Rules": [{"Name": "r", "CheckExpression": ":a > 1"}],
            },
        ),
        ("DescribeRuleset", {"Name": "rules"}),
        ("ListRulesets", {"MaxResults": 2}),
    ],
    "kafka": [("ListClusters", {"MaxResults": 3, "ClusterNameFilter": "a b"}), ("ListClustersV2", {})],
    "kinesisvideo": [
        ("CreateStream", {"StreamName": "eye", "DataRetentionInHours": 1}),
        ("DescribeStream", {"StreamName": "eye"}),
        ("ListStreams", {}),
    ],
    "kinesisanalyticsv2": [("ListApplications", {"Limit": 2})],
}
