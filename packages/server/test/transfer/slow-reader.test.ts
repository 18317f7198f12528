import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startTestServer } from "@sallyport/testing";

const sizeBytes = 33_554_432;
const pieceBytes = 1_048_576;

for (const beginning of ["before the command", "behind 150"] as const) {
  // A write that TCP cannot take at once has to be told to TLS when it is done, or everything waits for something else.
  test(`a slow reader whose TLS began ${beginning} is sent what it has room for`, async () => {
    await using server = await startTestServer();
    const octets = randomBytes(sizeBytes);
    await writeFile(join(server.directory, "big.bin"), octets);
    await using client = await server.loggedIn();
    await client.expect("TYPE I", 200);
    const raw = await client.openPassive();
    const early = beginning === "before the command" ? await client.secureData(raw) : undefined;
    await client.expect("RETR big.bin", 150);
    const data = early ?? (await client.secureData(raw));
    const startedMs = performance.now();
    const hash = createHash("sha256");
    let unread = 0;
    for await (const chunk of data as AsyncIterable<Buffer>) {
      hash.update(chunk);
      unread += chunk.length;
      if (unread < pieceBytes) continue;
      unread -= pieceBytes;
      await pause(10);
    }
    assert.equal((await client.reply()).code, 226);
    assert.equal(hash.digest("hex"), createHash("sha256").update(octets).digest("hex"));
    // 32 pauses of 10 ms; a write that nobody takes up again waits for seconds each time.
    assert.ok(performance.now() - startedMs < 6000, `it took ${Math.round(performance.now() - startedMs)} ms`);
  });
}
