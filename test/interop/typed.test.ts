import { needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { ftpSsl, gftp, inetutilsFtp, tnftp } from "./clients/typed.ts";
import { quickMatrix } from "./peers/matrix.ts";
import { VariantServers } from "./peers/servers.ts";
import { Stage } from "./peers/stage.ts";

for (const client of [ftpSsl, gftp, inetutilsFtp, tnftp]) quickMatrix(client);

test(
  "R-TLS-20 uploads of ftp-ssl get 426 where their end without close_notify is not accepted",
  {
    skip: needs(...ftpSsl.needs),
  },
  async () => {
    const variant = { mode: "explicit", tlsVersion: "TLSv1.3", address: "127.0.0.1" } as const;
    await using servers = new VariantServers({ ...ftpSsl, closesUncleanly: false });
    await using stage = await Stage.set("put", variant, await servers.get(variant));
    await writeFile(stage.task.local, "content");
    const { put } = ftpSsl.operations;
    assert.ok(put);
    await stage.play(put, async () => {
      const said = stage.events.filter((event) => event.kind === "reply").map((event) => event.line.slice(0, 4));
      assert.ok(said.includes("426 "));
      assert.equal(existsSync(stage.remoteFile), false);
      const failed = stage.events.find((event) => event.kind === "data-connection-failed");
      assert.match(failed?.fix ?? "", /--unclean-data-close accept/);
    });
  },
);
