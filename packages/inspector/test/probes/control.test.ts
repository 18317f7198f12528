import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { inspect } from "@sallyport/inspector";

test("a server that says for ever that it will greet soon is waited for no longer than a silent one", async () => {
  const server = createServer((tcp) => {
    const timer = setInterval(() => tcp.write("120 soon\r\n"), 50);
    tcp.on("error", () => {}).on("close", () => clearInterval(timer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const signal = AbortSignal.timeout(10_000);
  const found = await inspect("127.0.0.1", { ports: { explicit: port, implicit: "off" }, timeoutMs: 300, signal });
  assert.equal("kind" in found && found.kind, "not-ftp");
  server.close();
});
