"""Calls to services that run and watch the others."""

import datetime

from .documents import STACK

NOON = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.timezone.utc)
ONE = datetime.datetime(2026, 11, 25, 13, tzinfo=datetime.timezone.utc)
METRIC = {
    "MetricName": "cracks",
    "Dimensions": [{"Name": "wall", "Value": "north"}],
    "Value": 1.5,
    "Unit": "Count",
}
ALARM = {
    "AlarmName": "too-many",
    "MetricName": "cracks",
    "Namespace": "Yard",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 2.5,
    "ComparisonOperator": "GreaterThanThreshold",
}
BUDGET = {
    "BudgetName": "stones",
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
    "BudgetLimit": {"Amount": "10", "Unit": "USD"},
}
SPAN = {"StartTime": NOON, "EndTime": ONE}
LINES = [{"timestamp": 1795608000000, "message": "no record shows this"}]
GROUP_QUERY = '{"ResourceTypeFilters": ["AWS::AllSupported"], "TagFilters": [{"Key": "a", "Values": ["b"]}]}'

CALLS = {
    "cloudwatch": [
        ("PutMetricData", {"Namespace": "Yard", "MetricData": [METRIC]}),
        ("ListMetrics", {"Namespace": "Yard", "MetricName": "cracks"}),
        (
            "GetMetricStatistics",
            {"Namespace": "Yard", "MetricName": "cracks", "Period": 60, "Statistics": ["Sum"], **SPAN},
        ),
        ("PutMetricAlarm", ALARM),
        ("DescribeAlarms", {"AlarmNames": ["too-many"], "StateValue": "OK"}),
        ("SetAlarmState", {"AlarmName": "too-many", "StateValue": "ALARM", "StateReason": "a test"}),
        ("SetAlarmState", {"AlarmName": "none", "StateValue": "ALARM", "StateReason": "a test"}),
        ("PutDashboard", {"DashboardName": "view", "DashboardBody": '{"widgets": []}'}),
        ("ListDashboards", {"DashboardNamePrefix": "v"}),
        ("DeleteAlarms", {"AlarmNames": ["too-many"]}),
    ],
    "logs": [
        ("CreateLogGroup", {"logGroupName": "/yard/saw", "tags": {"a": "b"}}),
        ("CreateLogStream", {"logGroupName": "/yard/saw", "logStreamName": "s 1"}),
        ("PutRetentionPolicy", {"logGroupName": "/yard/saw", "retentionInDays": 7}),
        ("PutLogEvents", {"logGroupName": "/yard/saw", "logStreamName": "s 1", "logEvents": LINES}),
        ("GetLogEvents", {"logGroupName": "/yard/saw", "logStreamName": "s 1", "limit": 5}),
        ("DescribeLogGroups", {"logGroupNamePrefix": "/yard"}),
        ("DescribeLogStreams", {"logGroupName": "none"}),
        ("DeleteLogGroup", {"logGroupName": "/yard/saw"}),
    ],
    "config": [
        (
            "PutConfigurationRecorder",
            {"ConfigurationRecorder": {"name": "default", "roleARN": "arn:aws:iam::123456789012:role/r"}},
        ),
        ("DescribeConfigurationRecorders", {}),
        ("DescribeConfigRules", {"ConfigRuleNames": ["none"]}),
        ("DeleteConfigurationRecorder", {"ConfigurationRecorderName": "default"}),
    ],
    "ssm": [
        ("PutParameter", {"Name": "/yard/depth", "Value": "no record shows this", "Type": "String"}),
        ("GetParameter", {"Name": "/yard/depth", "WithDecryption": True}),
        ("GetParametersByPath", {"Path": "/yard", "Recursive": True}),
        ("GetParameter", {"Name": "none"}),
        (
            "AddTagsToResource",
            {"ResourceType": "Parameter", "ResourceId": "/yard/depth", "Tags": [{"Key": "a", "Value": "b"}]},
        ),
        (
            "CreateDocument",
            {
                "Name": "steps",
                "Content": '{"schemaVersion": "2.2", "mainSteps": []}',
                "DocumentType": "Command",
            },
        ),
        (
            "SendCommand",
            {
                "DocumentName": "AWS-RunShellScript",
                "InstanceIds": ["i-0123456789abcdef0"],
                "Parameters": {"commands": ["true"]},
            },
        ),
        ("DescribeParameters", {"MaxResults": 4}),
        ("DeleteParameter", {"Name": "/yard/depth"}),
    ],
    "cloudformation": [
        ("CreateStack", {"StackName": "pile", "TemplateBody": STACK, "Tags": [{"Key": "a", "Value": "b"}]}),
        ("DescribeStacks", {"StackName": "pile"}),
        ("DescribeStackResources", {"StackName": "pile"}),
        ("GetTemplate", {"StackName": "pile"}),
        ("ListStacks", {"StackStatusFilter": ["CREATE_COMPLETE"]}),
        ("DescribeStacks", {"StackName": "none"}),
        ("ValidateTemplate", {"TemplateBody": STACK}),
        ("DeleteStack", {"StackName": "pile"}),
    ],
    "xray": [
        ("PutTraceSegments", {"TraceSegmentDocuments": ["{}"]}),
        ("GetTraceSummaries", {"StartTime": NOON, "EndTime": ONE}),
        ("BatchGetTraces", {"TraceIds": ["1-581cf771-a006649127e371903a2de979"]}),
    ],
    "synthetics": [
        ("DescribeCanaries", {"MaxResults": 3}),
        ("ListTagsForResource", {"ResourceArn": "arn:aws:synthetics:us-east-1:123456789012:canary:c"}),
    ],
    "budgets": [
        ("CreateBudget", {"AccountId": "123456789012", "Budget": BUDGET}),
        ("DescribeBudget", {"AccountId": "123456789012", "BudgetName": "stones"}),
        ("DescribeBudgets", {"AccountId": "123456789012"}),
        ("DeleteBudget", {"AccountId": "123456789012", "BudgetName": "none"}),
    ],
    "ce": [
        (
            "GetCostAndUsage",
            {
                "TimePeriod": {"Start": "2026-11-01", "End": "2026-11-02"},
                "Granularity": "DAILY",
                "Metrics": ["UnblendedCost"],
            },
        ),
        (
            "CreateCostCategoryDefinition",
            {"Name": "c", "RuleVersion": "CostCategoryExpression.v1", "Rules": [{"Value": "v"}]},
        ),
    ],
    "service-quotas": [
        ("ListAWSDefaultServiceQuotas", {"ServiceCode": "vpc"}),
        ("GetServiceQuota", {"ServiceCode": "vpc", "QuotaCode": "L-NONE"}),
    ],
    "support": [
        (
            "CreateCase",
            {
                "subject": "no record shows this",
                "communicationBody": "nor this",
                "serviceCode": "s",
                "severityCode": "low",
            },
            {"case": "caseId"},
        ),
        ("DescribeCases", {"caseIdList": ["$case"], "includeResolvedCases": True}),
        ("ResolveCase", {"caseId": "$case"}),
    ],
    "resource-groups": [
        ("CreateGroup", {"Name": "all", "ResourceQuery": {"Type": "TAG_FILTERS_1_0", "Query": GROUP_QUERY}}),
        ("GetGroup", {"GroupName": "all"}),
        ("ListGroups", {"MaxResults": 3}),
        ("DeleteGroup", {"GroupName": "all"}),
    ],
    "resourcegroupstaggingapi": [
        ("GetResources", {"TagFilters": [{"Key": "a", "Values": ["b"]}], "ResourcesPerPage": 5}),
        ("GetTagKeys", {}),
        ("GetTagValues", {"Key": "a"}),
    ],
    "appconfig": [
        ("CreateApplication", {"Name": "dials", "Tags": {"a": "b"}}, {"dials": "Id"}),
        ("GetApplication", {"ApplicationId": "$dials"}),
        ("UpdateApplication", {"ApplicationId": "$dials", "Description": "more"}),
        ("DeleteApplication", {"ApplicationId": "$dials"}),
    ],
    "fis": [("ListExperimentTemplates", {"maxResults": 2})],
    "resiliencehub": [
        ("CreateApp", {"name": "arch", "clientToken": "once"}, {"arch": "app.appArn"}),
        ("DescribeApp", {"appArn": "$arch"}),
        ("ListApps", {"maxResults": 2, "name": "arch"}),
    ],
    "servicecatalog": [
        ("CreatePortfolio", {"DisplayName": "d", "ProviderName": "p", "IdempotencyToken": "once"}),
        ("ListPortfolios", {"PageSize": 2}),
    ],
    "servicecatalog-appregistry": [
        ("CreateApplication", {"name": "app", "clientToken": "once"}),
        ("ListApplications", {"maxResults": 2}),
    ],
    "servicediscovery": [
        ("CreateHttpNamespace", {"Name": "yard.local", "CreatorRequestId": "once"}),
        ("ListNamespaces", {"MaxResults": 3}),
        ("GetNamespace", {"Id": "ns-none"}),
    ],
    "amp": [
        ("CreateWorkspace", {"alias": "gauges", "clientToken": "once"}, {"gauges": "workspaceId"}),
        ("DescribeWorkspace", {"workspaceId": "$gauges"}),
        ("ListWorkspaces", {"alias": "g", "maxResults": 2}),
    ],
    "workspaces": [
        ("DescribeWorkspaces", {"Limit": 3}),
        ("DescribeWorkspaceDirectories", {}),
    ],
}
