// dynamodb-admin, a web interface for DynamoDB, started against Varve and used in a headless Chromium as a person would. A screenshot of
// each step goes to screenshots/.
//
//   VARVE_ENDPOINT=http://127.0.0.1:8000 node --test admin_test.mjs
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import net from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { DescribeTableCommand, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";

import { openPage } from "./chromium.mjs";
import { client, createTable } from "./connect.mjs";

const freePort = () =>
  new Promise((resolve) => {
    const probe = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

let admin, browser, page, home;
let step = 0;
const shoot = (name) => page.screenshot({ path: `screenshots/${++step}-${name}.png` });
const goTo = async (path) => {
  const response = await page.goto(home + path, { waitUntil: "networkidle0" });
  assert.equal(response.status(), 200, `${path} answers ${response.status()}`);
};
const textOf = (selector) => page.$eval(selector, (element) => element.innerText);

before(async () => {
  mkdirSync("screenshots", { recursive: true });
  const port = await freePort();
  home = `http://127.0.0.1:${port}`;
  const arguments_ = ["node_modules/dynamodb-admin/dist/dynamodb-admin.js", "--host", "127.0.0.1", "--port", `${port}`];
  admin = spawn("node", arguments_, {
    env: { ...process.env, DYNAMO_ENDPOINT: process.env.VARVE_ENDPOINT, AWS_REGION: "us-east-1" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  for (let tries = 0; ; ++tries) {
    if (await fetch(home).catch(() => null)) break;
    assert.ok(tries < 300, "dynamodb-admin did not start");
    await sleep(100);
  }
  ({ browser, page } = await openPage());
  page.on("dialog", (dialog) => dialog.accept());
});

after(async () => {
  await browser?.close();
  admin?.kill();
  client.destroy();
});

test("tables are listed with the number of their items", async () => {
  await createTable("Countries", { Code: "S" });
  for (const [Code, Name] of Object.entries({ FR: "France", JP: "Japan", PE: "Peru" })) {
    await client.send(new PutItemCommand({ TableName: "Countries", Item: { Code: { S: Code }, Name: { S: Name } } }));
  }
  await goTo("/");
  assert.match(await textOf("#table-list"), /Countries/);
  assert.match(await textOf('[data-table-name="Countries"]'), /\b3\b/);
  await shoot("tables");
});

test("a table is created in its form", async () => {
  await goTo("/create-table");
  await page.type("#TableName", "Cities");
  await page.type("#HashAttributeName", "Country");
  await page.type("#RangeAttributeName", "City");
  await page.select('select[name="RangeAttributeType"]', "S");
  await page.click("#new-index");
  const ofIndex = (name) => `[name="secondary-index-1-${name}"]`;
  await page.type(ofIndex("IndexName"), "ByRegion");
  await page.type(ofIndex("HashAttributeName"), "Region");
  await page.select(ofIndex("HashAttributeType"), "S");
  await shoot("create-table");

  // The form sends its capacity units as texts (dynamodb-admin's issue 518). DynamoDB refuses that, and so does Varve; DynamoDB Local
  // does not. What the form says shows that an error arrives; then its request is put right on the way.
  await page.click("#saveButton");
  await page.waitForFunction(() => document.body.innerText.includes("STRING_VALUE cannot be converted to Long"));
  await shoot("create-table-refused");
  await page.setRequestInterception(true);
  const putRight = (request) => {
    if (request.method() !== "POST") return request.continue();
    const form = JSON.parse(request.postData());
    for (const part of [form.TableDefinition, ...form.SecondaryIndexes]) {
      for (const name of ["ReadCapacityUnits", "WriteCapacityUnits"]) part[name] = Number(part[name]);
    }
    return request.continue({ postData: JSON.stringify(form) });
  };
  page.on("request", putRight);
  await Promise.all([page.waitForNavigation({ waitUntil: "networkidle0" }), page.click("#saveButton")]);
  page.off("request", putRight);
  await page.setRequestInterception(false);

  assert.match(await textOf("#table-list"), /Cities/);
  await shoot("created");
  const { Table } = await client.send(new DescribeTableCommand({ TableName: "Cities" }));
  assert.deepEqual(
    Table.KeySchema.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`),
    ["Country HASH", "City RANGE"],
  );
  assert.equal(Table.GlobalSecondaryIndexes[0].IndexName, "ByRegion");
});

test("an item is added in the editor, shown, edited and found", async () => {
  await goTo("/tables/Cities/add-item");
  await page.evaluate(() => {
    editor.setValue(JSON.stringify({ Country: "FR", City: "Lyon", People: 522250, Rivers: ["Rhône", "Saône"] }, null, 2));
  });
  await shoot("new-item");
  await Promise.all([page.waitForNavigation({ waitUntil: "networkidle0" }), page.click("#saveButton")]);
  assert.match(decodeURIComponent(page.url()), /\/tables\/Cities\/items\/FR,Lyon$/);
  assert.match(await page.evaluate(() => editor.getValue()), /"People": 522250/);
  await shoot("item");

  await page.evaluate(() => editor.setValue(editor.getValue().replace("522250", "522251")));
  await page.click("#saveButton");
  await page.waitForSelector("#saveButton.btn-success");
  const Key = { Country: { S: "FR" }, City: { S: "Lyon" } };
  const { Item } = await client.send(new GetItemCommand({ TableName: "Cities", Key }));
  assert.deepEqual(Item.People, { N: "522251" });

  await goTo("/tables/Cities");
  await page.waitForSelector("#items-container tr");
  assert.match(await textOf("#items-container"), /Lyon/);
  await shoot("items");
});

test("a query with a filter finds what fits", async () => {
  for (const City of ["Lille", "Nice", "Brest"]) {
    const Item = { Country: { S: "FR" }, City: { S: City } };
    await client.send(new PutItemCommand({ TableName: "Cities", Item }));
  }
  const filters = { Country: { operator: "=", value: "FR", type: "S" }, City: { operator: "begins_with", value: "L", type: "S" } };
  await goTo(
    `/tables/Cities?operationType=query&queryableSelection=table&filters=${encodeURIComponent(JSON.stringify(filters))}`,
  );
  await page.waitForSelector("#items-container tr");
  const found = await textOf("#items-container");
  assert.match(found, /Lille/);
  assert.match(found, /Lyon/);
  assert.doesNotMatch(found, /Nice|Brest/);
  await shoot("query");
});

test("an index is queried, too", async () => {
  for (const [City, Region] of Object.entries({ Annecy: "Alpes", Briançon: "Alpes", Rennes: "Bretagne" })) {
    const Item = { Country: { S: "FR" }, City: { S: City }, Region: { S: Region } };
    await client.send(new PutItemCommand({ TableName: "Cities", Item }));
  }
  const filters = { Region: { operator: "=", value: "Alpes", type: "S" } };
  await goTo(
    `/tables/Cities?operationType=query&queryableSelection=ByRegion&filters=${encodeURIComponent(JSON.stringify(filters))}`,
  );
  await page.waitForSelector("#items-container tr");
  const found = await textOf("#items-container");
  assert.match(found, /Annecy/);
  assert.match(found, /Briançon/);
  assert.doesNotMatch(found, /Rennes|Lyon/);
  await shoot("index");
});

test("what is known about a table is shown", async () => {
  await goTo("/tables/Cities/meta");
  assert.match(await textOf("main"), /arn:aws:dynamodb:us-east-1:000000000000:table\/Cities/);
  await shoot("meta");
  await goTo("/tables/Cities/ttl");
  await shoot("ttl");
});

test("a table is purged and deleted", async () => {
  await goTo("/");
  await Promise.all([
    page.waitForNavigation({ waitUntil: "networkidle0" }),
    page.click('[data-table-name="Countries"] .badge-warning'),
  ]);
  await goTo("/tables/Countries");
  await page.waitForSelector(".no-results:not(.d-none)");
  await goTo("/");
  await Promise.all([
    page.waitForNavigation({ waitUntil: "networkidle0" }),
    page.click('[data-table-name="Countries"] .badge-danger'),
  ]);
  assert.doesNotMatch(await textOf("#table-list"), /Countries/);
  assert.equal(await textOf("#error-wrapper"), "");
  await shoot("deleted");
});
