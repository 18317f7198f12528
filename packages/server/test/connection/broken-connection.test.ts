import { startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { test } from "node:test";

test("a control connection that the peer resets ends with words and not with the system's", async () => {
  await using server = await startTestServer({ listener: { requireTls: "none" } });
  await using client = await server.greeted();
  client.socket.resetAndDestroy();
  assert.equal((await server.event("connection-closed")).cause, "the peer reset the connection");
});
