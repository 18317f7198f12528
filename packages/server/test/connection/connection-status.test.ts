import type { ConnectionActivity, FtpServer } from "@sallyport/server";
import { FtpDriver, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

describe("what is connected", () => {
  it("is shown from the greeting to the transfer, with the TLS of both connections and without a secret", async () => {
    await using server = await startTestServer();
    const { server: ftp } = server;
    await using silent = await FtpDriver.connect(server.implicitPort);
    await using greeted = await server.greeted();
    await using busy = await server.loggedIn();
    await seen(ftp, 3, (kind) => kind === "idle");
    assert.deepEqual(
      ftp.connections().map(({ tlsMode, tls, account, activity }) => [tlsMode, tls?.protocol, account, activity.kind]),
      [
        ["implicit", undefined, undefined, "greeting"],
        ["explicit", undefined, undefined, "logging-in"],
        ["explicit", "TLSv1.3", "alice", "idle"],
      ],
    );
    const raw = await busy.openPassive();
    await busy.command("STOR up.bin");
    const data = await busy.secureData(raw);
    data.write(randomBytes(3_000_000));
    const activity = await seen(ftp, 3, (kind, state) => kind === "transferring" && state.bytes > 0);
    assert.ok(activity.kind === "transferring");
    assert.deepEqual(
      [activity.verb, activity.direction, activity.path, activity.tls?.protocol, activity.bytes <= 3_000_000],
      ["STOR", "upload", "/up.bin", "TLSv1.3", true],
    );
    assert.ok(activity.durationMs > 0 && activity.bytesPerSecond > 0);
    assert.equal(ftp.connections()[2]?.remoteAddress, "127.0.0.1");
    assert.doesNotMatch(JSON.stringify(ftp.connections()), /secret/);
    data.destroy();
    assert.equal((await busy.reply()).code, 426);
    await seen(ftp, 3, (kind) => kind === "idle");
    silent.socket.destroy();
    greeted.socket.destroy();
  });

  it("a command that waits shows its verb and path", async () => {
    await using server = await startTestServer();
    await using client = await server.loggedIn();
    await client.expect("MKD inner", 257);
    await client.expect("CWD inner", 250);
    const raw = await client.openPassive();
    raw.pause();
    client.send("MLSD\r\n");
    const activity = await seen(server.server, 1, (kind) => kind !== "idle");
    assert.ok(activity.kind === "transferring" || activity.kind === "running");
    assert.deepEqual([activity.verb, activity.path], ["MLSD", "/inner"]);
    raw.destroy();
  });
});

describe("disconnecting", () => {
  it("says 421, publishes nothing torn, and leaves the others alone", async () => {
    await using server = await startTestServer();
    await writeFile(join(server.directory, "old.bin"), "old");
    await using other = await server.loggedIn("bob");
    await using client = await server.loggedIn();
    const raw = await client.openPassive();
    await client.command("STOR old.bin");
    const data = await client.secureData(raw);
    data.write(randomBytes(3_000_000));
    await seen(server.server, 2, (kind, state) => kind === "transferring" && state.bytes > 0);
    assert.equal(server.server.disconnect({ account: "alice" }, "Closed by the administrator."), 1);
    assert.match((await client.reply()).text, /^421 Closed by the administrator\./);
    assert.equal(await client.waitForEnd(), true);
    const { complete } = await server.event("transfer");
    assert.equal(complete, false);
    assert.equal((await server.event("connection-closed")).cause, "closed by the administrator");
    await pause(50);
    assert.equal(existsSync(join(server.directory, "old.bin")), true);
    assert.equal((await other.retrieve("RETR old.bin")).octets.toString(), "old");
    assert.deepEqual(
      (await readdir(server.directory)).filter((name) => !name.startsWith(".")),
      ["old.bin"],
    );
  });

  it("means an account, an address in any spelling, or numbers, and tells how many there were", async () => {
    await using server = await startTestServer();
    await using first = await server.greeted();
    await using second = await server.greeted();
    const { server: ftp } = server;
    assert.equal(ftp.disconnect({ account: "alice" }, "x"), 0);
    assert.equal(ftp.disconnect({ address: "192.0.2.1" }, "x"), 0);
    assert.equal(ftp.disconnect({ connections: [2, 99] }, "Enough."), 1);
    assert.match((await second.reply()).text, /^421 Enough/);
    assert.equal(ftp.disconnect({ address: "::ffff:127.0.0.1" }, "Good-bye."), 1);
    assert.match((await first.reply()).text, /^421 Good-bye/);
  });
});

type State = ConnectionActivity & { readonly bytes: number };

/** Waits for what the connection of a number does. */
async function seen(
  server: FtpServer,
  connection: number,
  isWanted: (kind: State["kind"], state: State) => boolean,
): Promise<ConnectionActivity> {
  const deadline = Date.now() + 5000;
  for (;;) {
    const activity = server.connections().find((status) => status.connection === connection)?.activity;
    if (activity !== undefined && isWanted(activity.kind, { bytes: 0, ...activity })) return activity;
    if (Date.now() > deadline) throw new Error(`connection ${connection} does ${JSON.stringify(activity)}`);
    await pause(5);
  }
}
