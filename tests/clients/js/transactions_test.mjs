// Transactions: all actions or none, each with its reason when it was none.
//
//   VARVE_ENDPOINT=http://127.0.0.1:8000 node --test transactions_test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  IdempotentParameterMismatchException,
  TransactGetItemsCommand,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import { GetCommand, PutCommand, TransactGetCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";

import { client, documents, tableOfThisFile } from "./connect.mjs";

const TableName = "Accounts";
tableOfThisFile(TableName, { Owner: "S" });

const balanceOf = async (Owner) => (await documents.send(new GetCommand({ TableName, Key: { Owner } }))).Item?.Balance;
const open = (Owner, Balance) => documents.send(new PutCommand({ TableName, Item: { Owner, Balance } }));
const move = (from, to, amount) => [
  {
    Update: {
      TableName,
      Key: { Owner: from },
      UpdateExpression: "SET Balance = Balance - :amount",
      ConditionExpression: "Balance >= :amount",
      ExpressionAttributeValues: { ":amount": amount },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  },
  {
    Update: {
      TableName,
      Key: { Owner: to },
      UpdateExpression: "ADD Balance :amount",
      ExpressionAttributeValues: { ":amount": amount },
    },
  },
];

test("money moves, or it does not", async () => {
  await open("alice", 100);
  await open("bob", 0);
  await documents.send(new TransactWriteCommand({ TransactItems: move("alice", "bob", 70) }));
  assert.deepEqual([await balanceOf("alice"), await balanceOf("bob")], [30, 70]);

  await assert.rejects(documents.send(new TransactWriteCommand({ TransactItems: move("alice", "bob", 70) })), (error) => {
    assert.ok(error instanceof TransactionCanceledException);
    assert.equal(
      error.message,
      "Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, None]",
    );
    const [of_alice, of_bob] = error.CancellationReasons;
    assert.equal(of_alice.Code, "ConditionalCheckFailed");
    assert.equal(of_alice.Message, "The conditional request failed");
    assert.deepEqual(of_alice.Item.Balance, { N: "30" });
    assert.deepEqual(of_bob, { Code: "None" });
    return true;
  });
  assert.deepEqual([await balanceOf("alice"), await balanceOf("bob")], [30, 70]);
});

test("the four actions go together", async () => {
  await open("check", 1);
  await open("delete", 1);
  const answer = await documents.send(
    new TransactWriteCommand({
      ReturnConsumedCapacity: "TOTAL",
      TransactItems: [
        { Put: { TableName, Item: { Owner: "put", Balance: 1 }, ConditionExpression: "attribute_not_exists(Balance)" } },
        { Delete: { TableName, Key: { Owner: "delete" } } },
        { ConditionCheck: { TableName, Key: { Owner: "check" }, ConditionExpression: "attribute_exists(Balance)" } },
        move("update", "update", 5)[1],
      ],
    }),
  );
  assert.equal(answer.ConsumedCapacity[0].CapacityUnits, 8);
  const owners = ["put", "delete", "check", "update"];
  assert.deepEqual(await Promise.all(owners.map(balanceOf)), [1, undefined, 1, 5]);

  const { Responses } = await documents.send(
    new TransactGetCommand({ TransactItems: owners.map((Owner) => ({ Get: { TableName, Key: { Owner } } })) }),
  );
  assert.deepEqual(
    Responses.map(({ Item }) => Item?.Balance),
    [1, undefined, 1, 5],
  );
  const typed = await client.send(
    new TransactGetItemsCommand({
      TransactItems: [{ Get: { TableName, Key: { Owner: { S: "update" } }, ProjectionExpression: "Balance" } }],
    }),
  );
  assert.deepEqual(typed.Responses, [{ Item: { Balance: { N: "5" } } }]);
});

test("a repeated request is carried out once", async () => {
  await open("carol", 10);
  await open("dave", 0);
  const ClientRequestToken = "pay-dave-1";
  const pay = (amount) => new TransactWriteCommand({ ClientRequestToken, TransactItems: move("carol", "dave", amount) });
  await documents.send(pay(10));
  await documents.send(pay(10));
  assert.deepEqual([await balanceOf("carol"), await balanceOf("dave")], [0, 10]);
  await assert.rejects(documents.send(pay(1)), IdempotentParameterMismatchException);
});

test("concurrent transfers lose and make no money", async () => {
  const owners = ["p", "q", "r", "s"];
  await Promise.all(owners.map((owner) => open(owner, 100)));
  let conflicts = 0;
  const transfer = async (i) => {
    try {
      await documents.send(
        new TransactWriteCommand({ TransactItems: move(owners[i % 4], owners[(i + 1 + (i % 3)) % 4], 1 + (i % 9)) }),
      );
    } catch (error) {
      // Somebody else's transaction held an item: DynamoDB asks the caller to try again.
      if (!(error instanceof TransactionCanceledException)) throw error;
      assert.ok(error.CancellationReasons.some(({ Code }) => /^(TransactionConflict|ConditionalCheckFailed)$/.test(Code)));
      ++conflicts;
    }
  };
  await Promise.all(Array.from({ length: 60 }, (_, i) => transfer(i)));
  assert.ok(conflicts < 60, "at least one transfer went through");
  const balances = await Promise.all(owners.map(balanceOf));
  assert.equal(
    balances.reduce((a, b) => a + b),
    400,
  );
});
