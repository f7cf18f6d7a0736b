// PartiQL: the same items through statements.
//
//   VARVE_ENDPOINT=http://127.0.0.1:8000 node --test partiql_test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ConditionalCheckFailedException,
  DuplicateItemException,
  ExecuteStatementCommand as TypedStatementCommand,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import { BatchExecuteStatementCommand, ExecuteStatementCommand, ExecuteTransactionCommand } from "@aws-sdk/lib-dynamodb";

import { client, documents, tableOfThisFile } from "./connect.mjs";

const TableName = "Films";
tableOfThisFile(TableName, { Director: "S", Year: "N" });

const execute = (Statement, Parameters, more = {}) =>
  documents.send(new ExecuteStatementCommand({ Statement, Parameters, ...more }));

test("insert, select, update and delete", async () => {
  const insert = `INSERT INTO "Films" VALUE {'Director': ?, 'Year': ?, 'Title': ?, 'Actors': ['Bogart', 'Bacall']}`;
  const values = ["Hawks", 1946, "The Big Sleep"];
  assert.deepEqual((await execute(insert, values)).Items, []);
  await assert.rejects(execute(insert, values), (error) => {
    assert.ok(error instanceof DuplicateItemException);
    assert.equal(error.message, "Duplicate primary key exists in table");
    return true;
  });

  const select = `SELECT Title, Actors[0] FROM "Films" WHERE Director = ? AND "Year" = ?`;
  assert.deepEqual((await execute(select, ["Hawks", 1946])).Items.map(({ Title }) => Title), ["The Big Sleep"]);

  const updated = await execute(
    `UPDATE "Films" SET Minutes = ? REMOVE Actors WHERE Director = ? AND "Year" = ? RETURNING ALL NEW *`,
    [114, "Hawks", 1946],
  );
  assert.deepEqual(updated.Items, [{ Director: "Hawks", Year: 1946, Title: "The Big Sleep", Minutes: 114 }]);

  const deleted = await execute(`DELETE FROM "Films" WHERE Director = ? AND "Year" = ? RETURNING ALL OLD *`, ["Hawks", 1946]);
  assert.equal(deleted.Items[0].Minutes, 114);
  assert.deepEqual((await execute(select, ["Hawks", 1946])).Items, []);
});

test("a statement's condition fails like any other, with the item when asked", async () => {
  await execute(`INSERT INTO "Films" VALUE {'Director': 'Ford', 'Year': 1956, 'Stars': 5}`);
  const update = `UPDATE "Films" SET Stars = 1 WHERE Director = 'Ford' AND "Year" = 1956 AND Stars < 3`;
  await assert.rejects(execute(update, undefined, { ReturnValuesOnConditionCheckFailure: "ALL_OLD" }), (error) => {
    assert.ok(error instanceof ConditionalCheckFailedException);
    assert.deepEqual(error.Item.Stars, { N: "5" });
    return true;
  });
});

test("a select goes on where its page ended", async () => {
  for (let year = 2001; year <= 2007; ++year) {
    await execute(`INSERT INTO "Films" VALUE {'Director': 'Varda', 'Year': ?}`, [year]);
  }
  const years = [];
  let NextToken;
  do {
    const page = await client.send(
      new TypedStatementCommand({
        Statement: `SELECT "Year" FROM "Films" WHERE Director = ? ORDER BY "Year" DESC`,
        Parameters: [{ S: "Varda" }],
        Limit: 3,
        NextToken,
      }),
    );
    assert.ok(page.Items.length <= 3);
    years.push(...page.Items.map(({ Year }) => Number(Year.N)));
    NextToken = page.NextToken;
  } while (NextToken);
  assert.deepEqual(years, [2007, 2006, 2005, 2004, 2003, 2002, 2001]);
});

test("a batch answers for each statement", async () => {
  const insert = (year) => ({ Statement: `INSERT INTO "Films" VALUE {'Director': 'Ray', 'Year': ?}`, Parameters: [year] });
  const { Responses } = await documents.send(
    new BatchExecuteStatementCommand({ Statements: [insert(1955), insert(1958), { Statement: "SELEKT" }] }),
  );
  assert.deepEqual(Responses.slice(0, 2), [{ TableName }, { TableName }]);
  assert.equal(Responses[2].Error.Code, "ValidationError");

  const again = await documents.send(new BatchExecuteStatementCommand({ Statements: [insert(1955), insert(1959)] }));
  assert.equal(again.Responses[0].Error.Code, "DuplicateItem");
  assert.deepEqual(again.Responses[1], { TableName });

  const select = (year) => ({
    Statement: `SELECT * FROM "Films" WHERE Director = 'Ray' AND "Year" = ?`,
    Parameters: [year],
    ConsistentRead: true,
  });
  const read = await documents.send(new BatchExecuteStatementCommand({ Statements: [select(1959), select(1900)] }));
  assert.deepEqual(read.Responses, [{ TableName, Item: { Director: "Ray", Year: 1959 } }, { TableName }]);
});

test("a transaction of statements is carried out whole or not at all", async () => {
  const insert = { Statement: `INSERT INTO "Films" VALUE {'Director': 'Kurosawa', 'Year': ?, 'Stars': 0}` };
  const update = { Statement: `UPDATE "Films" SET Stars = Stars + 1 WHERE Director = 'Kurosawa' AND "Year" = ?` };
  const select = { Statement: `SELECT Stars FROM "Films" WHERE Director = 'Kurosawa' AND "Year" = ?` };
  const transact = (...TransactStatements) => documents.send(new ExecuteTransactionCommand({ TransactStatements }));
  await transact({ ...insert, Parameters: [1950] }, { ...insert, Parameters: [1954] });
  await transact({ ...update, Parameters: [1950] }, { ...update, Parameters: [1954] });
  await assert.rejects(transact({ ...update, Parameters: [1950] }, { ...insert, Parameters: [1954] }), (error) => {
    assert.ok(error instanceof TransactionCanceledException);
    assert.deepEqual(
      error.CancellationReasons.map(({ Code }) => Code),
      ["None", "DuplicateItem"],
    );
    return true;
  });
  const { Responses } = await transact({ ...select, Parameters: [1950] }, { ...select, Parameters: [1954] });
  assert.deepEqual(Responses, [{ Item: { Stars: 1 } }, { Item: { Stars: 1 } }]);
});
