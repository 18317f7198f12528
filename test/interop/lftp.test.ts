import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { needs } from "@sallyport/testing";
import { lftp, mirrorThereAndBack, slowUpload } from "./clients/lftp.ts";
import { cutUploads } from "./peers/cut-uploads.ts";
import { quickMatrix } from "./peers/matrix.ts";
import { VariantServers } from "./peers/servers.ts";
import { Stage } from "./peers/stage.ts";

quickMatrix(lftp);
cutUploads(lftp, [{ name: "killed", start: slowUpload, cut: (program) => program.kill() }]);

const tree = ["plain", "two words", "W\u00F6rter", "-dash", "deep/er/file", "empty", "deep/#hash"];

for (const mode of lftp.modes) {
  test(`lftp ${mode} mirrors a tree to its side and back`, { skip: needs("lftp") }, async () => {
    await using servers = new VariantServers(lftp);
    const variant = { mode, tlsVersion: "TLSv1.3", address: "127.0.0.1" } as const;
    await using stage = await Stage.set("get", variant, await servers.get(variant));
    const folder = dirname(stage.remoteFile);
    for (const name of tree) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), name === "empty" ? "" : `content of ${name}`);
    }
    await stage.play(mirrorThereAndBack, async ({ code, stderr }) => {
      assert.deepEqual([code, stderr], [0, ""]);
      const back = join(folder, "back");
      const names = await readdir(back, { recursive: true, withFileTypes: true });
      assert.equal(names.filter((entry) => entry.isFile()).length, tree.length);
      for (const name of tree) {
        assert.equal(await readFile(join(back, name), "utf8"), await readFile(join(folder, name), "utf8"), name);
      }
    });
  });
}
