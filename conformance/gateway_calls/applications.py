"""Calls to services that face the net, build software, and hear, see and speak."""

import datetime

NOON = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.timezone.utc)
CORS = {"AllowOrigins": ["https://stones.example"], "AllowMethods": ["GET"], "MaxAge": 5}
ARTIFACTS = {"source": {"type": "S3", "location": "quarry/in.zip"}, "artifacts": {"type": "NO_ARTIFACTS"}}
BUILD_ON = {
    "type": "LINUX_CONTAINER",
    "image": "aws/codebuild/standard:7.0",
    "computeType": "BUILD_GENERAL1_SMALL",
}
ORIGIN = {
    "CallerReference": "once",
    "Comment": "no record shows this",
    "Enabled": True,
    "Origins": {
        "Quantity": 1,
        "Items": [
            {
                "Id": "o",
                "DomainName": "quarry.s3.amazonaws.com",
                "S3OriginConfig": {"OriginAccessIdentity": ""},
            }
        ],
    },
    "DefaultCacheBehavior": {
        "TargetOriginId": "o",
        "ViewerProtocolPolicy": "allow-all",
        "MinTTL": 1,
        "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
    },
}
RECORD_SET = {"Name": "a.stones.example.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}

CALLS = {
    "route53": [
        (
            "CreateHostedZone",
            {"Name": "stones.example", "CallerReference": "once"},
            {"zone": "HostedZone.Id"},
        ),
        ("ListHostedZones", {"MaxItems": "3"}),
        (
            "ChangeResourceRecordSets",
            {
                "HostedZoneId": "$zone",
                "ChangeBatch": {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": RECORD_SET}]},
            },
        ),
        ("ListResourceRecordSets", {"HostedZoneId": "$zone"}),
        ("GetHostedZone", {"Id": "ZNONE"}),
        ("ListTagsForResource", {"ResourceType": "hostedzone", "ResourceId": "Z1"}),
    ],
    "route53resolver": [
        ("ListResolverEndpoints", {"MaxResults": 3}),
        ("ListResolverRules", {"Filters": [{"Name": "Name", "Values": ["n"]}]}),
    ],
    "route53domains": [
        ("ListDomains", {"MaxItems": 3}),
        ("ListOperations", {"SortBy": "SubmittedDate"}),
    ],
    "cloudfront": [
        (
            "CreateDistribution",
            {"DistributionConfig": ORIGIN},
            {"net": "Distribution.Id", "net_etag": "ETag"},
        ),
        ("GetDistribution", {"Id": "$net"}),
        ("ListDistributions", {"MaxItems": "3"}),
        (
            "CreateInvalidation",
            {
                "DistributionId": "$net",
                "InvalidationBatch": {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "once"},
            },
        ),
        ("GetDistribution", {"Id": "NONE"}),
    ],
    "apigateway": [
        (
            "CreateRestApi",
            {"name": "counter", "description": "one & all"},
            {"api": "id", "api_root": "rootResourceId"},
        ),
        ("GetResources", {"restApiId": "$api"}, {"api_root": "items[0].id"}),
        ("CreateResource", {"restApiId": "$api", "parentId": "$api_root", "pathPart": "stone"}),
        (
            "UpdateRestApi",
            {"restApiId": "$api", "patchOperations": [{"op": "replace", "path": "/name", "value": "desk"}]},
        ),
        ("GetRestApis", {"limit": 5}),
        ("GetRestApi", {"restApiId": "none"}),
        ("DeleteRestApi", {"restApiId": "$api"}),
    ],
    "apigatewayv2": [
        (
            "CreateApi",
            {"Name": "window", "ProtocolType": "HTTP", "CorsConfiguration": CORS},
            {"window": "ApiId"},
        ),
        ("GetApi", {"ApiId": "$window"}),
        ("CreateRoute", {"ApiId": "$window", "RouteKey": "GET /stone", "AuthorizationType": "NONE"}),
        ("GetRoutes", {"ApiId": "$window"}),
        ("DeleteApi", {"ApiId": "$window"}),
    ],
    "vpc-lattice": [
        ("CreateService", {"name": "lattice-one", "clientToken": "once"}, {"lattice": "id"}),
        ("GetService", {"serviceIdentifier": "$lattice"}),
        ("ListServices", {"maxResults": 3}),
    ],
    "networkmanager": [
        ("CreateGlobalNetwork", {"Description": "roads"}, {"roads": "GlobalNetwork.GlobalNetworkId"}),
        ("DescribeGlobalNetworks", {"GlobalNetworkIds": ["$roads"]}),
    ],
    "directconnect": [
        (
            "CreateConnection",
            {"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "line"},
            {"line": "connectionId"},
        ),
        ("DescribeConnections", {"connectionId": "$line"}),
        ("DeleteConnection", {"connectionId": "$line"}),
    ],
    "codebuild": [
        (
            "CreateProject",
            {
                "name": "stone-saw",
                "serviceRole": "arn:aws:iam::123456789012:role/r",
                "environment": BUILD_ON,
                **ARTIFACTS,
            },
        ),
        ("BatchGetProjects", {"names": ["stone-saw"]}),
        ("StartBuild", {"projectName": "stone-saw"}),
        ("ListProjects", {"sortBy": "NAME"}),
        ("DeleteProject", {"name": "stone-saw"}),
    ],
    "codecommit": [
        ("CreateRepository", {"repositoryName": "plans", "repositoryDescription": "all of them"}),
        ("GetRepository", {"repositoryName": "plans"}),
        ("GetRepository", {"repositoryName": "none"}),
        ("DeleteRepository", {"repositoryName": "plans"}),
    ],
    "codedeploy": [
        ("CreateApplication", {"applicationName": "crane", "computePlatform": "Server"}),
        ("GetApplication", {"applicationName": "crane"}),
        ("ListApplications", {}),
    ],
    "codepipeline": [("ListPipelines", {}), ("GetPipeline", {"name": "none", "version": 1})],
    "comprehend": [
        ("DetectSentiment", {"Text": "lovely stones", "LanguageCode": "en"}),
        ("ListEntityRecognizers", {"MaxResults": 2}),
    ],
    "rekognition": [
        ("DetectLabels", {"Image": {"S3Object": {"Bucket": "quarry", "Name": "photo"}}, "MaxLabels": 4}),
        (
            "StartFaceSearch",
            {"CollectionId": "faces", "Video": {"S3Object": {"Bucket": "quarry", "Name": "film"}}},
        ),
    ],
    "textract": [
        (
            "StartDocumentTextDetection",
            {"DocumentLocation": {"S3Object": {"Bucket": "quarry", "Name": "page"}}},
        ),
        ("GetDocumentTextDetection", {"JobId": "none", "MaxResults": 2}),
    ],
    "transcribe": [
        (
            "StartTranscriptionJob",
            {
                "TranscriptionJobName": "talk",
                "LanguageCode": "en-US",
                "Media": {"MediaFileUri": "s3://quarry/talk.mp3"},
            },
        ),
        ("GetTranscriptionJob", {"TranscriptionJobName": "talk"}),
        ("ListTranscriptionJobs", {"MaxResults": 3}),
        ("DeleteTranscriptionJob", {"TranscriptionJobName": "none"}),
    ],
    "polly": [
        ("DescribeVoices", {"LanguageCode": "de-DE"}),
        ("SynthesizeSpeech", {"Text": "no record shows this", "VoiceId": "Marlene", "OutputFormat": "mp3"}),
        ("GetLexicon", {"Name": "none"}),
    ],
    "bedrock": [("ListCustomModels", {"maxResults": 3}), ("GetModelInvocationLoggingConfiguration", {})],
    "bedrock-agent": [("ListAgents", {"maxResults": 3}), ("GetAgent", {"agentId": "NONE123456"})],
    "sagemaker": [
        ("ListModels", {"MaxResults": 3, "CreationTimeAfter": NOON}),
        (
            "CreateModel",
            {
                "ModelName": "shape",
                "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r",
                "PrimaryContainer": {"Image": "i"},
            },
        ),
        ("DescribeModel", {"ModelName": "shape"}),
        ("DescribeModel", {"ModelName": "none"}),
        ("DeleteModel", {"ModelName": "shape"}),
    ],
    "medialive": [("ListChannels", {"MaxResults": 3}), ("ListInputs", {})],
    "mediapackage": [
        ("CreateChannel", {"Id": "film", "Description": "d"}),
        ("DescribeChannel", {"Id": "film"}),
        ("ListChannels", {}),
    ],
    "mediaconnect": [
        (
            "CreateFlow",
            {"Name": "river", "Source": {"Name": "spring", "Protocol": "zixi-push"}},
            {"river": "Flow.FlowArn"},
        ),
        ("DescribeFlow", {"FlowArn": "$river"}),
        ("ListFlows", {"MaxResults": 3}),
    ],
    "ivs": [("CreateChannel", {"name": "live", "latencyMode": "LOW"}), ("ListChannels", {"maxResults": 3})],
    "personalize": [
        ("ListSchemas", {"maxResults": 3}),
        ("DescribeSchema", {"schemaArn": "arn:aws:personalize:us-east-1:123456789012:schema/none"}),
    ],
    "forecast": [("ListDatasetGroups", {"MaxResults": 3})],
    "lexv2-models": [("ListBots", {"maxResults": 3})],
    "greengrass": [
        ("CreateCoreDefinition", {"Name": "core", "InitialVersion": {"Cores": []}}, {"core": "Id"}),
        ("GetCoreDefinition", {"CoreDefinitionId": "$core"}),
        ("ListCoreDefinitions", {}),
    ],
    "managedblockchain": [("ListNetworks", {}), ("GetNetwork", {"NetworkId": "n-NONE"})],
}
