"""boto3 (Debian's): tables and their settings, waiters, paginators, and what infrastructure tools ask whenever they refresh."""
import unittest

from boto3_client import Boto3TestCase
import harness


class TableTest(Boto3TestCase):
    def test_a_table_from_its_creation_to_its_end(self):
        created = self.client.create_table(
            TableName="Life", TableClass="STANDARD_INFREQUENT_ACCESS", Tags=[{"Key": "team", "Value": "storage"}],
            AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "B"}],
            KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
            ProvisionedThroughput={"ReadCapacityUnits": 2, "WriteCapacityUnits": 3})["TableDescription"]
        self.assertEqual(created["TableStatus"], "CREATING")
        self.client.get_waiter("table_exists").wait(TableName="Life", WaiterConfig={"Delay": 1})
        table = self.client.describe_table(TableName="Life")["Table"]
        self.assertEqual((table["TableStatus"], table["TableId"]), ("ACTIVE", created["TableId"]))
        self.assertEqual(table["TableClassSummary"]["TableClass"], "STANDARD_INFREQUENT_ACCESS")
        self.assertEqual(table["CreationDateTime"], created["CreationDateTime"])

        updated = self.client.update_table(TableName="Life", BillingMode="PAY_PER_REQUEST")["TableDescription"]
        self.assertEqual(updated["TableStatus"], "UPDATING")
        table = self.client.describe_table(TableName="Life")["Table"]
        self.assertEqual(table["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")
        self.assertEqual(table["ProvisionedThroughput"]["WriteCapacityUnits"], 0)

        arn = table["TableArn"]
        self.client.tag_resource(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "test"}])
        self.client.untag_resource(ResourceArn=arn, TagKeys=["team"])
        tags = [tag for page in self.client.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn) for tag in page["Tags"]]
        self.assertEqual(tags, [{"Key": "stage", "Value": "test"}])

        with self.assertRaises(self.client.exceptions.ResourceInUseException):
            self.make_table("Life", Id="S")
        self.client.delete_table(TableName="Life")
        self.client.get_waiter("table_not_exists").wait(TableName="Life", WaiterConfig={"Delay": 1})
        with self.assertRaises(self.client.exceptions.ResourceNotFoundException):
            self.client.describe_table(TableName="Life")

    def test_many_tables_are_listed_in_pages(self):
        names = [f"Table-{i:02}" for i in range(12)]
        for name in names:
            self.make_table(name, Id="S")
        pages = list(self.client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 5}))
        self.assertEqual([len(page["TableNames"]) for page in pages], [5, 5, 2])
        self.assertEqual([name for page in pages for name in page["TableNames"]], names)
        self.assertEqual([table.name for table in self.resource.tables.all()], names)

    def test_what_infrastructure_tools_ask_on_every_refresh(self):
        table = self.make_table("Managed", Id="S")
        arn = self.client.describe_table(TableName="Managed")["Table"]["TableArn"]
        self.assertEqual(table.table_arn, arn)
        backups = self.client.describe_continuous_backups(TableName="Managed")["ContinuousBackupsDescription"]
        self.assertEqual(backups["ContinuousBackupsStatus"], "ENABLED")
        self.assertEqual(backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"], "DISABLED")
        time_to_live = self.client.describe_time_to_live(TableName="Managed")["TimeToLiveDescription"]
        self.assertEqual(time_to_live, {"TimeToLiveStatus": "DISABLED"})
        self.assertEqual(self.client.list_tags_of_resource(ResourceArn=arn)["Tags"], [])
        insights = self.client.describe_contributor_insights(TableName="Managed")
        self.assertEqual(insights["ContributorInsightsStatus"], "DISABLED")
        kinesis = self.client.describe_kinesis_streaming_destination(TableName="Managed")
        self.assertEqual(kinesis["KinesisDataStreamDestinations"], [])
        self.assertGreater(self.client.describe_limits()["TableMaxWriteCapacityUnits"], 0)
        self.assertEqual(self.client.describe_endpoints()["Endpoints"][0]["Address"], f"127.0.0.1:{self.server.port}")
        self.assertEqual(self.client.list_backups(TableName="Managed")["BackupSummaries"], [])
        self.assertEqual(self.client.list_exports()["ExportSummaries"], [])
        self.assertEqual(self.client.list_imports()["ImportSummaryList"], [])
        self.assertEqual(self.client.list_global_tables()["GlobalTables"], [])
        self.assertEqual(self.client.list_contributor_insights()["ContributorInsightsSummaries"], [])
        # And the same of a table that somebody has deleted meanwhile.
        missing = "Gone"
        for ask in (self.client.describe_table, self.client.describe_time_to_live, self.client.describe_contributor_insights,
                    self.client.describe_kinesis_streaming_destination):
            with self.assertRaises(self.client.exceptions.ResourceNotFoundException):
                ask(TableName=missing)
        with self.assertRaises(self.client.exceptions.TableNotFoundException):
            self.client.describe_continuous_backups(TableName=missing)
        with self.assertRaises(self.client.exceptions.ResourceNotFoundException):
            self.client.list_tags_of_resource(ResourceArn=arn.replace("Managed", missing))


class SlowTableTest(Boto3TestCase):
    """Tables that take their time, as DynamoDB's do, and a server that is killed meanwhile."""
    server_arguments = ("--table-delay-ms", "3000")

    def status(self):
        return self.client.describe_table(TableName="Slow")["Table"]["TableStatus"]

    def test_waiters_wait_also_over_a_restart(self):
        self.client.create_table(TableName="Slow", BillingMode="PAY_PER_REQUEST",
                                 AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
                                 KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}])
        self.assert_client_error("ResourceNotFoundException", self.client.get_item, TableName="Slow", Key={"Id": {"S": "a"}})
        self.assert_client_error("ResourceInUseException", self.client.delete_table, TableName="Slow")
        self.server.kill()
        self.server.start()
        self.client.get_waiter("table_exists").wait(TableName="Slow", WaiterConfig={"Delay": 1})
        self.assertEqual(self.status(), "ACTIVE")
        self.client.put_item(TableName="Slow", Item={"Id": {"S": "a"}})
        self.client.delete_table(TableName="Slow")
        self.server.kill()
        self.server.start()
        self.client.get_waiter("table_not_exists").wait(TableName="Slow", WaiterConfig={"Delay": 1})
        self.assertEqual(self.client.list_tables()["TableNames"], [])


if __name__ == "__main__":
    harness.main()
