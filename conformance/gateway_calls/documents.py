"""Documents that several calls send."""

import io
import json
import zipfile

ROLE = "arn:aws:iam::123456789012:role/mason"
TRUST = {
    "role": ROLE,
    "policy": json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    ),
}
READ_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::quarry/*",
            }
        ],
    }
)
ALLOW_ALL = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
)
STACK = json.dumps(
    {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "stack-queue"}}}}
)
MACHINE = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Pass", "End": True}}})


def function_zip():
    """The same code in the same bytes each time."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("stone.py"), "def handler(event, context):\n    return event\n")
    return packed.getvalue()


FUNCTION_ZIP = function_zip()
