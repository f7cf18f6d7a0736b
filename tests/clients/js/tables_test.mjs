// Tables, and the settings that only newer SDKs know.
//
//   VARVE_ENDPOINT=http://127.0.0.1:8000 node --test tables_test.mjs
import assert from "node:assert/strict";
import { after, test } from "node:test";

import {
  CreateTableCommand,
  DeleteResourcePolicyCommand,
  DeleteTableCommand,
  DescribeEndpointsCommand,
  DescribeLimitsCommand,
  DescribeTableCommand,
  GetResourcePolicyCommand,
  ListTagsOfResourceCommand,
  PolicyNotFoundException,
  PutResourcePolicyCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateTableCommand,
  paginateListTables,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";

import { client, createTable, patience } from "./connect.mjs";

after(() => client.destroy());

const describe = async (TableName) => (await client.send(new DescribeTableCommand({ TableName }))).Table;
const drop = async (TableName) => {
  await client.send(new DeleteTableCommand({ TableName }));
  await waitUntilTableNotExists(patience, { TableName });
};

test("a table is made, described and deleted", async () => {
  await createTable("Plain", { Id: "B" });
  const table = await describe("Plain");
  assert.equal(table.TableStatus, "ACTIVE");
  assert.equal(table.TableArn, "arn:aws:dynamodb:us-east-1:000000000000:table/Plain");
  assert.match(table.TableId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(Math.abs(Date.now() - table.CreationDateTime) < 3600e3);
  assert.equal(table.BillingModeSummary.BillingMode, "PAY_PER_REQUEST");
  assert.equal(table.ItemCount, 0);

  // The ARN is as good as the name.
  assert.equal((await describe(table.TableArn)).TableId, table.TableId);

  await assert.rejects(createTable("Plain", { Id: "B" }), ResourceInUseException);
  await drop("Plain");
  await assert.rejects(describe("Plain"), ResourceNotFoundException);
  await assert.rejects(drop("Plain"), ResourceNotFoundException);
});

test("a protected table stays until its protection is taken away", async () => {
  await createTable("Protected", { Id: "S" }, { DeletionProtectionEnabled: true });
  assert.equal((await describe("Protected")).DeletionProtectionEnabled, true);
  await assert.rejects(drop("Protected"), {
    name: "ValidationException",
    message:
      "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
  });
  await client.send(new UpdateTableCommand({ TableName: "Protected", DeletionProtectionEnabled: false }));
  assert.equal((await describe("Protected")).DeletionProtectionEnabled, false);
  await drop("Protected");
});

test("a table changes its billing, throughput and class", async () => {
  const TableName = "Changing";
  const update = (change) => client.send(new UpdateTableCommand({ TableName, ...change }));
  await createTable(
    TableName,
    { Id: "N" },
    { BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 6 } },
  );
  assert.equal((await describe(TableName)).ProvisionedThroughput.WriteCapacityUnits, 6);
  await update({ ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 8 } });
  const raised = (await describe(TableName)).ProvisionedThroughput;
  assert.equal(raised.WriteCapacityUnits, 8);
  assert.ok(raised.LastIncreaseDateTime instanceof Date);

  await update({ BillingMode: "PAY_PER_REQUEST" });
  const onDemand = await describe(TableName);
  assert.equal(onDemand.BillingModeSummary.BillingMode, "PAY_PER_REQUEST");
  assert.equal(onDemand.ProvisionedThroughput.WriteCapacityUnits, 0);

  await update({ TableClass: "STANDARD_INFREQUENT_ACCESS" });
  assert.equal((await describe(TableName)).TableClassSummary.TableClass, "STANDARD_INFREQUENT_ACCESS");
  await assert.rejects(update({}), { name: "ValidationException", message: /^At least one of ProvisionedThroughput/ });
  await drop(TableName);
});

test("a table on demand is capped and kept warm", async () => {
  const TableName = "Warm";
  const update = (change) => client.send(new UpdateTableCommand({ TableName, ...change }));
  await createTable(
    TableName,
    { Id: "S" },
    {
      OnDemandThroughput: { MaxReadRequestUnits: 100, MaxWriteRequestUnits: 50 },
      WarmThroughput: { ReadUnitsPerSecond: 20_000, WriteUnitsPerSecond: 10_000 },
    },
  );
  const table = await describe(TableName);
  assert.deepEqual(table.OnDemandThroughput, { MaxReadRequestUnits: 100, MaxWriteRequestUnits: 50 });
  assert.deepEqual(table.WarmThroughput, { ReadUnitsPerSecond: 20_000, WriteUnitsPerSecond: 10_000, Status: "ACTIVE" });

  await update({ OnDemandThroughput: { MaxReadRequestUnits: 200 } });
  assert.equal((await describe(TableName)).OnDemandThroughput.MaxReadRequestUnits, 200);
  await update({ WarmThroughput: { ReadUnitsPerSecond: 30_000 } });
  assert.equal((await describe(TableName)).WarmThroughput.ReadUnitsPerSecond, 30_000);
  await assert.rejects(update({ WarmThroughput: { ReadUnitsPerSecond: 10_000 } }), {
    name: "ValidationException",
    message: /decreasing WarmThroughput is not supported/,
  });
  await drop(TableName);
});

test("a policy is kept with a table", async () => {
  await createTable("Shared", { Id: "S" });
  const { TableArn: ResourceArn } = await describe("Shared");
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: "*", Action: "dynamodb:GetItem", Resource: ResourceArn }],
  });
  await assert.rejects(client.send(new GetResourcePolicyCommand({ ResourceArn })), PolicyNotFoundException);
  const first = await client.send(new PutResourcePolicyCommand({ ResourceArn, Policy }));
  const kept = await client.send(new GetResourcePolicyCommand({ ResourceArn }));
  assert.deepEqual(JSON.parse(kept.Policy), JSON.parse(Policy));
  assert.equal(kept.RevisionId, first.RevisionId);
  await assert.rejects(
    client.send(new PutResourcePolicyCommand({ ResourceArn, Policy, ExpectedRevisionId: "NO_POLICY" })),
    PolicyNotFoundException,
  );
  await client.send(new DeleteResourcePolicyCommand({ ResourceArn, ExpectedRevisionId: first.RevisionId }));
  await assert.rejects(client.send(new GetResourcePolicyCommand({ ResourceArn })), PolicyNotFoundException);
  await drop("Shared");
});

test("tags are kept with a table", async () => {
  await createTable("Tagged", { Id: "S" }, { Tags: [{ Key: "team", Value: "storage" }] });
  const { TableArn: ResourceArn } = await describe("Tagged");
  const tags = async () => {
    const { Tags } = await client.send(new ListTagsOfResourceCommand({ ResourceArn }));
    return Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]));
  };
  assert.deepEqual(await tags(), { team: "storage" });
  await client.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: "stage", Value: "" }] }));
  assert.deepEqual(await tags(), { team: "storage", stage: "" });
  await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["team"] }));
  assert.deepEqual(await tags(), { stage: "" });
  await drop("Tagged");
});

test("tables are listed page by page in order", async () => {
  const names = ["List.a", "List.b", "List.c", "List.d", "List.e"];
  await Promise.all([...names].reverse().map((name) => createTable(name, { Id: "S" })));
  const seen = [];
  for await (const page of paginateListTables({ client, pageSize: 2 }, {})) {
    assert.ok(page.TableNames.length <= 2);
    seen.push(...page.TableNames.filter((name) => name.startsWith("List.")));
  }
  assert.deepEqual(seen, names);
  await Promise.all(names.map(drop));
});

test("a bad definition is refused with the reason", async () => {
  const refused = (change, message) =>
    assert.rejects(createTable("Refused", { Id: "S" }, change), { name: "ValidationException", message });
  await refused(
    { ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } },
    "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
  );
  await refused(
    { KeySchema: [{ AttributeName: "Other", KeyType: "HASH" }] },
    "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [Other], AttributeDefinitions: [Id]",
  );
  await assert.rejects(client.send(new CreateTableCommand({ TableName: "ab" })), { name: "ValidationException" });
});

test("limits and endpoints are told", async () => {
  const { Endpoints } = await client.send(new DescribeEndpointsCommand({}));
  assert.equal(Endpoints[0].Address, new URL(process.env.VARVE_ENDPOINT).host);

  const limits = await client.send(new DescribeLimitsCommand({}));
  assert.ok(limits.TableMaxReadCapacityUnits > 0 && limits.AccountMaxWriteCapacityUnits > 0);
});
