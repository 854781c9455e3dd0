"""Calls to services that carry messages and run processes."""

from .documents import MACHINE, ROLE

MAIL = {"Subject": {"Data": "a & b"}, "Body": {"Text": {"Data": "no record shows this"}}}
ENTRY = {"Source": "own", "DetailType": "crack", "Detail": '{"depth": 1}', "EventBusName": "yard"}
TARGETS = [{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:stones"}]

CALLS = {
    "sqs": [
        (
            "CreateQueue",
            {"QueueName": "stones", "Attributes": {"VisibilityTimeout": "7"}},
            {"queue": "QueueUrl"},
        ),
        ("GetQueueUrl", {"QueueName": "stones"}),
        ("GetQueueUrl", {"QueueName": "none"}),
        ("SendMessage", {"QueueUrl": "$queue", "MessageBody": "no record shows this", "DelaySeconds": 0}),
        (
            "ReceiveMessage",
            {"QueueUrl": "$queue", "MaxNumberOfMessages": 1, "AttributeNames": ["All"]},
            {"receipt": "Messages[0].ReceiptHandle"},
        ),
        (
            "ChangeMessageVisibility",
            {"QueueUrl": "$queue", "ReceiptHandle": "$receipt", "VisibilityTimeout": 1},
        ),
        ("DeleteMessage", {"QueueUrl": "$queue", "ReceiptHandle": "$receipt"}),
        ("SetQueueAttributes", {"QueueUrl": "$queue", "Attributes": {"DelaySeconds": "3"}}),
        ("GetQueueAttributes", {"QueueUrl": "$queue", "AttributeNames": ["QueueArn", "DelaySeconds"]}),
        ("TagQueue", {"QueueUrl": "$queue", "Tags": {"grain": "fine"}}),
        ("ListQueueTags", {"QueueUrl": "$queue"}),
        ("ListQueues", {"QueueNamePrefix": "st", "MaxResults": 9}),
        ("PurgeQueue", {"QueueUrl": "$queue"}),
        ("DeleteQueue", {"QueueUrl": "$queue"}),
    ],
    "sns": [
        ("CreateTopic", {"Name": "bell", "Attributes": {"DisplayName": "Bell"}}, {"topic": "TopicArn"}),
        ("Subscribe", {"TopicArn": "$topic", "Protocol": "email", "Endpoint": "a@b.example"}),
        ("ListSubscriptionsByTopic", {"TopicArn": "$topic"}),
        ("Publish", {"TopicArn": "$topic", "Message": "no record shows this", "Subject": "nor this"}),
        ("GetTopicAttributes", {"TopicArn": "$topic"}),
        (
            "SetTopicAttributes",
            {"TopicArn": "$topic", "AttributeName": "DisplayName", "AttributeValue": "Ding"},
        ),
        ("Publish", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:none", "Message": "lost"}),
        ("DeleteTopic", {"TopicArn": "$topic"}),
    ],
    "ses": [
        ("VerifyEmailIdentity", {"EmailAddress": "a@b.example"}),
        ("ListIdentities", {"IdentityType": "EmailAddress"}),
        (
            "SendEmail",
            {"Source": "a@b.example", "Destination": {"ToAddresses": ["c@d.example"]}, "Message": MAIL},
        ),
        (
            "SendEmail",
            {"Source": "x@y.example", "Destination": {"ToAddresses": ["c@d.example"]}, "Message": MAIL},
        ),
        ("GetSendQuota", {}),
    ],
    "sesv2": [
        ("CreateEmailIdentity", {"EmailIdentity": "e@f.example"}),
        ("GetEmailIdentity", {"EmailIdentity": "e@f.example"}),
        ("CreateContactList", {"ContactListName": "friends", "Description": "few"}),
        ("ListContactLists", {"PageSize": 3}),
        ("DeleteEmailIdentity", {"EmailIdentity": "e@f.example"}),
    ],
    "events": [
        ("CreateEventBus", {"Name": "yard"}),
        (
            "PutRule",
            {
                "Name": "cracks",
                "EventBusName": "yard",
                "EventPattern": '{"source": ["own"]}',
                "State": "ENABLED",
            },
        ),
        ("PutEvents", {"Entries": [ENTRY]}),
        ("PutTargets", {"Rule": "cracks", "EventBusName": "yard", "Targets": TARGETS}),
        ("ListTargetsByRule", {"Rule": "cracks", "EventBusName": "yard"}),
        ("DescribeRule", {"Name": "none"}),
        ("RemoveTargets", {"Rule": "cracks", "EventBusName": "yard", "Ids": ["1"]}),
        ("DeleteRule", {"Name": "cracks", "EventBusName": "yard"}),
    ],
    "scheduler": [
        (
            "CreateSchedule",
            {
                "Name": "dawn",
                "ScheduleExpression": "rate(1 day)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {"Arn": TARGETS[0]["Arn"], "RoleArn": ROLE},
                "ClientToken": "once",
            },
        ),
        ("GetSchedule", {"Name": "dawn"}),
        ("ListSchedules", {"NamePrefix": "d", "MaxResults": 5}),
        ("DeleteSchedule", {"Name": "dawn", "ClientToken": "once"}),
    ],
    "pipes": [("ListPipes", {"NamePrefix": "p", "Limit": 3}), ("DescribePipe", {"Name": "none"})],
    "stepfunctions": [
        (
            "CreateStateMachine",
            {"name": "carve", "definition": MACHINE, "roleArn": ROLE},
            {"machine_arn": "stateMachineArn"},
        ),
        ("DescribeStateMachine", {"stateMachineArn": "$machine_arn"}),
        (
            "StartExecution",
            {"stateMachineArn": "$machine_arn", "name": "first", "input": '{"a": 1}'},
            {"run": "executionArn"},
        ),
        ("ListExecutions", {"stateMachineArn": "$machine_arn", "maxResults": 3}),
        ("DeleteStateMachine", {"stateMachineArn": "$machine_arn"}),
    ],
    "swf": [
        ("RegisterDomain", {"name": "yard", "workflowExecutionRetentionPeriodInDays": "1"}),
        ("ListDomains", {"registrationStatus": "REGISTERED"}),
        ("DescribeDomain", {"name": "none"}),
    ],
    "mq": [
        ("ListBrokers", {"MaxResults": 5}),
        ("DescribeBroker", {"BrokerId": "none"}),
        ("ListConfigurations", {}),
    ],
    "iot": [
        ("CreateThing", {"thingName": "drill", "attributePayload": {"attributes": {"bit": "7mm"}}}),
        ("DescribeThing", {"thingName": "drill"}),
        ("ListThings", {"maxResults": 2, "attributeName": "bit", "attributeValue": "7mm"}),
        ("CreateThingGroup", {"thingGroupName": "tools"}),
        ("DescribeThing", {"thingName": "none"}),
        ("DeleteThing", {"thingName": "drill", "expectedVersion": 1}),
    ],
    "pinpoint": [
        ("CreateApp", {"CreateApplicationRequest": {"Name": "reach"}}, {"reach": "ApplicationResponse.Id"}),
        ("GetApp", {"ApplicationId": "$reach"}),
        ("DeleteApp", {"ApplicationId": "$reach"}),
    ],
    "connect": [
        (
            "CreateInstance",
            {
                "IdentityManagementType": "CONNECT_MANAGED",
                "InboundCallsEnabled": True,
                "OutboundCallsEnabled": False,
            },
        ),
        ("ListInstances", {"MaxResults": 3}),
    ],
    "appsync": [
        (
            "CreateGraphqlApi",
            {"name": "graph", "authenticationType": "API_KEY"},
            {"graph": "graphqlApi.apiId"},
        ),
        ("GetGraphqlApi", {"apiId": "$graph"}),
        ("CreateApiKey", {"apiId": "$graph", "description": "for all"}),
        ("ListGraphqlApis", {"maxResults": 3}),
        ("DeleteGraphqlApi", {"apiId": "$graph"}),
    ],
    "appmesh": [
        (
            "CreateMesh",
            {"meshName": "net", "spec": {"egressFilter": {"type": "ALLOW_ALL"}}, "clientToken": "once"},
        ),
        ("DescribeMesh", {"meshName": "net"}),
        ("ListMeshes", {"limit": 3}),
        ("DeleteMesh", {"meshName": "net"}),
    ],
}
