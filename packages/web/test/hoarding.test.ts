import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startScriptedServer } from "../../client/test/scripted-server.ts";
import type { LoginEvent } from "../src/api/api.ts";
import { bounds } from "../src/gateway/bounds.ts";
import { EventStream } from "../src/gateway/logins/event-stream.ts";
import { BrowserHalf } from "./browser-half.ts";

suite("What one browser can make the gateway keep", () => {
  test("names for ZIP files that nobody fetches, as many as are bounded", async () => {
    await using server = await startScriptedServer();
    await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
    const browser = new BrowserHalf(gateway.port);
    const ask = async (id: string): Promise<number> => {
      const names = Array.from({ length: 1_000 }, (_, at) => `${at}`.padStart(1_000, "x"));
      return (await browser.post(`/api/logins/${id}/archives`, { directory: "/", names })).status;
    };
    const { id } = await browser.signIn({ address: `127.0.0.1:${server.port}`, security: "plain" });
    let bytes = 0;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (; (await ask(id)) === 200; bytes += 2_000_000) assert.ok(bytes < bounds.ticketBytesPerLogin, `${bytes}`);
    assert.ok(bytes > bounds.ticketBytesPerLogin / 2);
    // What another login may have is its own.
    const other = await browser.signIn({ address: `127.0.0.1:${server.port}`, security: "plain" });
    assert.equal(await ask(other.id), 200);
  });

  test("ends of transfers, which a page that does not read is told of, but not without end", async () => {
    const stream = new EventStream();
    const leaving = new AbortController();
    const events = stream.listen(leaving.signal);
    const first = events.next();
    const ended = { kind: "transfer", direction: "upload", path: "/x", bytes: 0, state: "failed" } as const;
    const toldCount = 20_000;
    for (let at = 0; at < toldCount; at++) stream.tell({ ...ended, id: `${at}` });
    stream.tell({ kind: "over", because: "idle" });
    const got: (LoginEvent | undefined)[] = [(await first).value as LoginEvent];
    for await (const event of events) got.push(event);
    assert.ok(got.length <= bounds.eventsWaiting + bounds.endsWaiting + 2, `${got.length} events`);
    assert.ok(got.some((event) => event?.kind === "over"));
  });
});
