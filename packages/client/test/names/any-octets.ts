import { type ClientOptions, profileFile } from "@sallyport/client";
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assertSame, bytesOf } from "../every-operation.ts";
import type { realServers } from "../real-servers.ts";

/** Names that are UTF-8 and names that are not, on one real server, by two programs one after the other. */
export function testAnyOctets({ name, start, skip }: (typeof realServers)[number]): void {
  test(`names of any octets go from ${name} and back, and UTF-8 is asked for once`, { skip }, async (context) => {
    const folder = await mkdtemp(join(tmpdir(), "sallyport-octets-"));
    context.after(() => rm(folder, { recursive: true }));
    await using server = await start();
    const octets = Buffer.from("caf\xE9.bin", "latin1");
    const path = Buffer.concat([Buffer.from(`${server.served}/`), octets]);
    await writeFile(path, "content");
    await writeFile(join(server.served, "naïve.txt"), "text");
    const profiles = profileFile(join(folder, `${name}.json`));
    const said: string[] = [];
    const options: ClientOptions = { profiles, onTranscript: ({ text }) => said.push(text) };
    for (let run = 0; run < 2; run++) {
      // oxlint-disable-next-line no-await-in-loop -- one run after the other
      await using client = await server.connect("explicit", options);
      assert.ok(client !== undefined);
      // oxlint-disable-next-line no-await-in-loop
      const entries = (await Array.fromAsync(client.list())).filter(({ type }) => type === "file");
      const odd = entries.find(({ nameOctets }) => nameOctets === octets.toString("latin1"));
      assert.ok(
        entries.some((entry) => entry.name === "naïve.txt"),
        entries.map((entry) => entry.name).join(),
      );
      if (name === "pyftpdlib") continue; // Sends octets that are not UTF-8 in escapes of its own.
      assert.equal(odd?.name, "caf\uDCE9.bin");
      // oxlint-disable-next-line no-await-in-loop
      assertSame(await readFile(path), await bytesOf(await client.read(odd.path)));
    }
    assert.ok(said.filter((line) => line.startsWith("OPTS UTF8")).length <= 1, said.join("\n"));
  });
}
