// The AWS SDK inside a web page of another origin: the browser asks first whether it may (CORS), and only then sends the request.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";

import { openPage } from "./chromium.mjs";
import { client, createTable } from "./connect.mjs";

let site, browser, page;
const asked = []; // the requests of the page, as the browser reports them

before(async () => {
  await createTable("Guests", { Name: "S" });
  site = http.createServer((_, response) => response.end("<!DOCTYPE html><title>a page</title>"));
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  ({ browser, page } = await openPage());
  page.on("response", (response) => asked.push(`${response.request().method()} ${response.status()}`));
  await page.goto(`http://127.0.0.1:${site.address().port}/`);
  await page.addScriptTag({ path: "node_modules/aws-sdk/dist/aws-sdk.min.js" });
});

after(async () => {
  await browser?.close();
  site?.close();
  client.destroy();
});

test("a page of another origin writes, reads and sees errors", async () => {
  const seen = await page.evaluate(async (endpoint) => {
    const documents = new AWS.DynamoDB.DocumentClient({
      endpoint,
      region: "us-east-1",
      accessKeyId: "local",
      secretAccessKey: "local",
      maxRetries: 0,
    });
    const TableName = "Guests";
    await documents.put({ TableName, Item: { Name: "Ada", Visits: 1 } }).promise();
    const { Item } = await documents.get({ TableName, Key: { Name: "Ada" } }).promise();
    // A refusal must pass the same gate, or the page sees a network error instead.
    const refused = await documents.get({ TableName: "Nowhere", Key: { Name: "Ada" } }).promise().catch(({ code, message }) => [code, message]);
    return { Item, refused };
  }, process.env.VARVE_ENDPOINT);
  assert.deepEqual(seen, { Item: { Name: "Ada", Visits: 1 }, refused: ["ResourceNotFoundException", "Requested resource not found"] });
  assert.deepEqual(asked.filter((line) => line.startsWith("POST")), ["POST 200", "POST 200", "POST 400"]);
});
