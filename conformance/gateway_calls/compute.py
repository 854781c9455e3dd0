"""Calls to services that compute: machines, containers, functions, clusters."""

from .documents import FUNCTION_ZIP, ROLE

TAGGED = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "yard wall"}]}]
HTTPS = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
STATE = [{"Name": "instance-state-name", "Values": ["running", "stopped"]}]
CONTAINERS = [{"name": "chisel", "image": "tools/chisel", "memory": 128, "essential": True}]

CALLS = {
    "ec2": [
        ("CreateVpc", {"CidrBlock": "10.1.0.0/16", "TagSpecifications": TAGGED}, {"vpc": "Vpc.VpcId"}),
        ("CreateSubnet", {"VpcId": "$vpc", "CidrBlock": "10.1.1.0/24"}, {"subnet": "Subnet.SubnetId"}),
        (
            "CreateSubnet",
            {"VpcId": "$vpc", "CidrBlock": "10.1.2.0/24", "AvailabilityZone": "us-east-1b"},
            {"subnet_b": "Subnet.SubnetId"},
        ),
        ("DescribeVpcs", {"VpcIds": ["$vpc"]}),
        ("DescribeSubnets", {"Filters": [{"Name": "vpc-id", "Values": ["$vpc"]}]}),
        (
            "CreateSecurityGroup",
            {"GroupName": "gate", "Description": "in & out", "VpcId": "$vpc"},
            {"gate": "GroupId"},
        ),
        ("AuthorizeSecurityGroupIngress", {"GroupId": "$gate", "IpPermissions": HTTPS}),
        ("DescribeSecurityGroups", {"GroupIds": ["$gate"]}),
        ("RevokeSecurityGroupIngress", {"GroupId": "$gate", "IpPermissions": HTTPS}),
        ("CreateInternetGateway", {}, {"gateway": "InternetGateway.InternetGatewayId"}),
        ("AttachInternetGateway", {"InternetGatewayId": "$gateway", "VpcId": "$vpc"}),
        ("CreateRouteTable", {"VpcId": "$vpc"}, {"routes": "RouteTable.RouteTableId"}),
        (
            "CreateRoute",
            {"RouteTableId": "$routes", "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "$gateway"},
        ),
        ("DescribeRouteTables", {"RouteTableIds": ["$routes"]}),
        ("CreateKeyPair", {"KeyName": "yard"}),
        ("DescribeKeyPairs", {"KeyNames": ["yard"]}),
        (
            "RunInstances",
            {
                "ImageId": "ami-12c6146b",
                "MinCount": 1,
                "MaxCount": 1,
                "InstanceType": "t3.micro",
                "SubnetId": "$subnet",
            },
            {"machine": "Instances[0].InstanceId"},
        ),
        ("DescribeInstances", {"InstanceIds": ["$machine"]}),
        ("DescribeInstances", {"Filters": STATE, "MaxResults": 7}),
        ("StopInstances", {"InstanceIds": ["$machine"], "Force": True}),
        ("StartInstances", {"InstanceIds": ["$machine"]}),
        ("CreateTags", {"Resources": ["$machine"], "Tags": [{"Key": "role", "Value": "mason"}]}),
        ("DescribeTags", {"Filters": [{"Name": "resource-id", "Values": ["$machine"]}]}),
        (
            "CreateVolume",
            {"AvailabilityZone": "us-east-1a", "Size": 8, "Encrypted": False},
            {"volume": "VolumeId"},
        ),
        ("CreateSnapshot", {"VolumeId": "$volume", "Description": "layer"}, {"snapshot": "SnapshotId"}),
        ("DescribeSnapshots", {"SnapshotIds": ["$snapshot"]}),
        ("DeleteSnapshot", {"SnapshotId": "$snapshot"}),
        ("DeleteVolume", {"VolumeId": "$volume"}),
        ("AllocateAddress", {"Domain": "vpc"}, {"address": "AllocationId"}),
        ("ReleaseAddress", {"AllocationId": "$address"}),
        (
            "CreateLaunchTemplate",
            {"LaunchTemplateName": "bench", "LaunchTemplateData": {"InstanceType": "t3.nano"}},
        ),
        ("DescribeLaunchTemplates", {"LaunchTemplateNames": ["bench"]}),
        ("CreateTransitGateway", {"Description": "cross roads"}),
        ("DescribeRegions", {"RegionNames": ["eu-west-1"]}),
        ("DescribeInstances", {"InstanceIds": ["i-0123456789abcdef0"]}),
        ("DescribeVpcEndpoints", {}),
        ("TerminateInstances", {"InstanceIds": ["$machine"]}),
    ],
    "autoscaling": [
        (
            "CreateLaunchConfiguration",
            {"LaunchConfigurationName": "crew", "ImageId": "ami-12c6146b", "InstanceType": "t3.micro"},
        ),
        (
            "CreateAutoScalingGroup",
            {
                "AutoScalingGroupName": "crew",
                "LaunchConfigurationName": "crew",
                "MinSize": 0,
                "MaxSize": 2,
                "VPCZoneIdentifier": "$subnet",
            },
        ),
        ("DescribeAutoScalingGroups", {"AutoScalingGroupNames": ["crew"]}),
        (
            "SetDesiredCapacity",
            {"AutoScalingGroupName": "crew", "DesiredCapacity": 0, "HonorCooldown": False},
        ),
        ("DeleteAutoScalingGroup", {"AutoScalingGroupName": "crew", "ForceDelete": True}),
    ],
    "elb": [
        (
            "CreateLoadBalancer",
            {
                "LoadBalancerName": "old-gate",
                "AvailabilityZones": ["us-east-1a"],
                "Listeners": [{"Protocol": "http", "LoadBalancerPort": 80, "InstancePort": 8080}],
            },
        ),
        ("DescribeLoadBalancers", {"LoadBalancerNames": ["old-gate"]}),
        ("DescribeLoadBalancers", {"LoadBalancerNames": ["none"]}),
        ("DeleteLoadBalancer", {"LoadBalancerName": "old-gate"}),
    ],
    "elbv2": [
        (
            "CreateLoadBalancer",
            {"Name": "new-gate", "Subnets": ["$subnet", "$subnet_b"], "Scheme": "internal"},
            {"balancer": "LoadBalancers[0].LoadBalancerArn"},
        ),
        (
            "CreateTargetGroup",
            {"Name": "crew", "Protocol": "HTTP", "Port": 80, "VpcId": "$vpc", "Matcher": {"HttpCode": "200"}},
            {"targets": "TargetGroups[0].TargetGroupArn"},
        ),
        ("DescribeLoadBalancers", {"LoadBalancerArns": ["$balancer"]}),
        ("DescribeTargetGroups", {"TargetGroupArns": ["$targets"]}),
        ("DeleteLoadBalancer", {"LoadBalancerArn": "$balancer"}),
    ],
    "ecs": [
        ("CreateCluster", {"clusterName": "yard"}),
        ("RegisterTaskDefinition", {"family": "carve", "containerDefinitions": CONTAINERS}),
        ("ListTaskDefinitions", {"familyPrefix": "carve"}),
        (
            "CreateService",
            {"cluster": "yard", "serviceName": "carve", "taskDefinition": "carve", "desiredCount": 0},
        ),
        ("DescribeServices", {"cluster": "yard", "services": ["carve"]}),
        ("UpdateService", {"cluster": "yard", "service": "carve", "desiredCount": 1}),
        ("DeleteService", {"cluster": "yard", "service": "carve", "force": True}),
        ("DescribeClusters", {"clusters": ["yard"]}),
        ("DeleteCluster", {"cluster": "yard"}),
    ],
    "eks": [
        (
            "CreateCluster",
            {
                "name": "hill",
                "roleArn": ROLE,
                "resourcesVpcConfig": {"subnetIds": ["$subnet", "$subnet_b"]},
                "clientRequestToken": "once",
            },
            {"hill": "cluster.arn"},
        ),
        ("DescribeCluster", {"name": "hill"}),
        ("DescribeCluster", {"name": "none"}),
        ("ListClusters", {"maxResults": 3}),
        ("TagResource", {"resourceArn": "$hill", "tags": {"slope": "12 %"}}),
        ("ListTagsForResource", {"resourceArn": "$hill"}),
        ("UntagResource", {"resourceArn": "$hill", "tagKeys": ["slope", "a/b"]}),
        ("DeleteCluster", {"name": "hill"}),
    ],
    "batch": [
        ("DescribeJobQueues", {"jobQueues": ["none"]}),
        ("DescribeComputeEnvironments", {"maxResults": 3}),
        (
            "RegisterJobDefinition",
            {
                "jobDefinitionName": "carve",
                "type": "container",
                "containerProperties": {"image": "i", "vcpus": 1, "memory": 9},
            },
        ),
        ("DescribeJobDefinitions", {"jobDefinitionName": "carve"}),
    ],
    "lambda": [
        (
            "CreateFunction",
            {
                "FunctionName": "carve",
                "Role": "$mason",
                "Runtime": "python3.12",
                "Handler": "stone.handler",
                "Code": {"ZipFile": FUNCTION_ZIP},
                "Timeout": 9,
            },
            {"carve": "FunctionArn"},
        ),
        ("GetFunction", {"FunctionName": "$carve"}),
        ("GetFunction", {"FunctionName": "none"}),
        ("GetFunctionConfiguration", {"FunctionName": "carve"}),
        ("UpdateFunctionConfiguration", {"FunctionName": "carve", "MemorySize": 256, "Description": "finer"}),
        ("UpdateFunctionCode", {"FunctionName": "carve", "ZipFile": FUNCTION_ZIP, "Publish": True}),
        ("CreateAlias", {"FunctionName": "carve", "Name": "fine", "FunctionVersion": "$$LATEST"}),
        ("GetAlias", {"FunctionName": "carve", "Name": "fine"}),
        ("ListFunctions", {"MaxItems": 5}),
        ("ListVersionsByFunction", {"FunctionName": "carve"}),
        ("TagResource", {"Resource": "$carve", "Tags": {"grain": "fine"}}),
        ("ListTags", {"Resource": "$carve"}),
        ("UntagResource", {"Resource": "$carve", "TagKeys": ["grain"]}),
        (
            "AddPermission",
            {
                "FunctionName": "carve",
                "StatementId": "s3",
                "Action": "lambda:InvokeFunction",
                "Principal": "s3.amazonaws.com",
                "SourceAccount": "123456789012",
            },
        ),
        ("GetPolicy", {"FunctionName": "carve"}),
        ("PutFunctionConcurrency", {"FunctionName": "carve", "ReservedConcurrentExecutions": 4}),
        ("CreateFunctionUrlConfig", {"FunctionName": "carve", "AuthType": "AWS_IAM"}),
        ("DeleteFunction", {"FunctionName": "carve", "Qualifier": "1"}),
        ("DeleteFunction", {"FunctionName": "carve"}),
    ],
    "elasticbeanstalk": [
        ("CreateApplication", {"ApplicationName": "shed"}),
        ("DescribeApplications", {"ApplicationNames": ["shed"]}),
        ("CreateEnvironment", {"ApplicationName": "shed", "EnvironmentName": "shed-1"}),
        ("DescribeEnvironments", {}),
        ("DeleteApplication", {"ApplicationName": "shed"}),
    ],
    "emr": [
        ("ListClusters", {"ClusterStates": ["RUNNING", "WAITING"]}),
        ("CreateSecurityConfiguration", {"Name": "locks", "SecurityConfiguration": "{}"}),
        ("DescribeSecurityConfiguration", {"Name": "locks"}),
        ("DescribeCluster", {"ClusterId": "j-NONE"}),
    ],
    "emr-containers": [("ListVirtualClusters", {"maxResults": 4, "states": ["RUNNING"]})],
    "emr-serverless": [
        (
            "CreateApplication",
            {"type": "SPARK", "releaseLabel": "emr-6.6.0", "clientToken": "once", "name": "spark"},
        ),
        ("ListApplications", {"maxResults": 4}),
    ],
    "application-autoscaling": [
        (
            "RegisterScalableTarget",
            {
                "ServiceNamespace": "ecs",
                "ResourceId": "service/yard/carve",
                "ScalableDimension": "ecs:service:DesiredCount",
                "MinCapacity": 1,
                "MaxCapacity": 3,
            },
        ),
        ("DescribeScalableTargets", {"ServiceNamespace": "ecs"}),
    ],
    "network-firewall": [
        (
            "CreateFirewall",
            {
                "FirewallName": "moat",
                "FirewallPolicyArn": "arn:aws:network-firewall:us-east-1:123456789012:firewall-policy/p",
                "VpcId": "$vpc",
                "SubnetMappings": [{"SubnetId": "$subnet"}],
            },
        ),
        ("DescribeFirewall", {"FirewallName": "moat"}),
        ("ListFirewalls", {"MaxResults": 2}),
    ],
    "cloudhsmv2": [
        ("CreateCluster", {"HsmType": "hsm1.medium", "SubnetIds": ["$subnet"]}),
        ("DescribeClusters", {"Filters": {"states": ["ACTIVE"]}}),
    ],
}
