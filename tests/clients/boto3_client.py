"""Debian's boto3, connected to `varve serve`: the client (DynamoDB's own types) and the resource (Python's)."""
import os

import harness

os.environ.update({k: v for k, v in harness.client_environment().items() if k.startswith("AWS_") or k == "NO_PROXY"})

import boto3  # noqa: E402  (reads the environment)
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402


def connect(server, **config):
    """(client, resource); `config` as botocore.config.Config takes it."""
    config.setdefault("retries", {"max_attempts": 1})
    options = dict(endpoint_url=server.endpoint, region_name="us-east-1", config=Config(**config))
    return boto3.client("dynamodb", **options), boto3.resource("dynamodb", **options)


class Boto3TestCase(harness.ClientTest):
    def setUp(self):
        super().setUp()
        self.server.start()
        self.client, self.resource = connect(self.server)
        self.addCleanup(self.client.close)
        self.addCleanup(self.resource.meta.client.close)

    def make_table(self, name, **keys):
        """On demand; keys like Owner="S", Number="N": the partition key, then the sort key."""
        table = self.resource.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in keys.items()],
            KeySchema=[{"AttributeName": n, "KeyType": k} for n, k in zip(keys, ("HASH", "RANGE"))])
        table.wait_until_exists()
        return table

    def assert_client_error(self, code, call, *arguments, **named):
        with self.assertRaises(ClientError) as caught:
            call(*arguments, **named)
        self.assertEqual(caught.exception.response["Error"]["Code"], code, caught.exception)
        return caught.exception
