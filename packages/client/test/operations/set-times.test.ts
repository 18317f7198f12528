import { connect } from "@sallyport/client";
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ClientConnection } from "../../src/connection/client-connection.ts";
import { setTimes } from "../../src/operations/change.ts";
import { octetsFromText } from "@sallyport/protocol";
import { realServers } from "../real-servers.ts";
import { startScriptedServer } from "../scripted-server.ts";

const modified = new Date("2020-02-29T12:34:56Z");

/** The connection as if FEAT did not name MFMT. */
function withoutMfmt(connection: ClientConnection): ClientConnection {
  return new Proxy(connection, {
    get: (target, name) => {
      if (name === "features") return new Map([...target.features].filter(([verb]) => verb !== "MFMT"));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

const ways = { vsftpd: "MDTM", "Pure-FTPd": "SITE UTIME" } as const;

for (const { name, start, skip } of realServers) {
  // pyftpdlib has MFMT alone; the rest is as slow as it is like these two.
  if (name !== "vsftpd" && name !== "Pure-FTPd") continue;
  test(
    `${name} is told times by ${ways[name]} where it has no MFMT, in UTC, which is found out once`,
    { skip },
    async () => {
      await using server = await start();
      const said: string[] = [];
      await using client = await server.connect("explicit", { onTranscript: ({ text }) => said.push(text) });
      assert.ok(client !== undefined);
      await client.write("file", "x");
      using lease = await client.checkout();
      const connection = withoutMfmt(lease.connection);
      const path = octetsFromText("file");
      for (const later of [0, 60_000]) {
        const time = new Date(modified.getTime() + later);
        // oxlint-disable-next-line no-await-in-loop -- the second time follows from the first
        await setTimes(connection, path, { modified: time }, {});
        assert.equal(statSync(join(server.served, "file")).mtime.toISOString(), time.toISOString());
      }
      assert.equal(connection.known.fact("timeCommand"), ways[name]);
      const asked = said.filter((line) => /^(?:SITE UTIME|MDTM \d|MFMT)/.test(line));
      assert.equal(asked.length, { "SITE UTIME": 2, MDTM: 3 }[ways[name]], asked.join("\n"));
    },
  );
}

test("a server that takes no times is asked once for each way, and refuses from then on unasked", async () => {
  const no = (): string => "502 no";
  await using server = await startScriptedServer({ FEAT: () => "502 no", SITE: no, MDTM: no, MFMT: no });
  await using client = await connect(`alice:secret@127.0.0.1:${server.port}`, { security: "plain" });
  for (let time = 0; time < 3; time++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(client.setTimes("file", { modified }), { code: "SALLYPORT_COMMAND_REFUSED" });
  }
  assert.equal(server.heard.filter((line) => /^(?:SITE|MDTM|MFMT)/.test(line)).length, 3);
});
