import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { realServers } from "../real-servers.ts";
import { assertAlike, assertAllDone, assertSameTimes, emptyFolder, fill, hourAgo } from "./mirror-scene.ts";

const tree = {
  "a/b/deep.bin": randomBytes(3_000_000),
  "a/empty": "",
  "a/umlaut ü.txt": "grüße",
  "a/.hidden": "hidden",
  "name with blanks.txt": "blanks",
  "-dash/file": "dash",
  "void/": "",
};

for (const { name, start, skip } of realServers) {
  test(`mirrors to and from ${name} are the same, also after changes and deletions`, { skip }, async (t) => {
    await using server = await start();
    const dialogue: string[] = [];
    const connecting = server.connect("explicit", { onTranscript: ({ text }) => void dialogue.push(text) });
    assert.ok(connecting);
    await using client = await connecting;
    const [local, back] = [emptyFolder(t), emptyFolder(t)];
    fill(local, tree);
    utimesSync(join(local, "a/b"), hourAgo(), hourAgo());
    assertAllDone(await Array.fromAsync(client.sync({ local }, { remote: "mirror" })));
    assertAlike(join(server.served, "mirror"), local);
    assertSameTimes(join(server.served, "mirror"), local);
    assert.deepEqual(await Array.fromAsync(client.sync({ local }, { remote: "mirror" })), []);

    dialogue.length = 0;
    assertAllDone(await Array.fromAsync(client.sync({ remote: "mirror" }, { local: back }, { parallel: 1 })));
    assertAlike(back, local);
    assertSameTimes(back, local);
    const behind = dialogue.filter((text, at) => text === "EPSV" && dialogue[at - 1]?.startsWith("RETR")).length;
    // Behind every file but the large one.
    assert.equal(behind, name === "pyftpdlib" ? 0 : 5, "passive commands go out behind those of the files before");
    const minuteOf = (folder: string): number => Math.floor(statSync(join(folder, "a/b")).mtimeMs / 60_000);
    assert.equal(minuteOf(back), minuteOf(join(server.served, "mirror")), "directories have the server's times");
    // vsftpd and pyftpdlib set no times of directories, which is no failure.
    assert.equal(
      minuteOf(join(server.served, "mirror")) === minuteOf(local),
      name !== "vsftpd" && name !== "pyftpdlib",
    );
    assert.deepEqual(await Array.fromAsync(client.sync({ remote: "mirror" }, { local: back })), []);

    fill(back, { "a/empty": "no more", "new/file": "new" }, new Date());
    assertAllDone(await Array.fromAsync(client.sync({ local: back }, { remote: "mirror" })));
    fill(local, { "extra/deep/file": "extra" });
    assertAllDone(await Array.fromAsync(client.sync({ remote: "mirror" }, { local }, { delete: true })));
    assertAlike(local, back);
    await client.makeDirectory("mirror/over/there", { recursive: true });
    await client.write("mirror/over/there/file", "extra");
    assertAllDone(await Array.fromAsync(client.sync({ local }, { remote: "mirror" }, { delete: true })));
    assertAlike(join(server.served, "mirror"), local);

    // Of the same size, and later by more than listings of any server hide.
    const later = new Date(hourAgo().getTime() + 600_000);
    fill(join(server.served, "mirror"), { "name with blanks.txt": "BLANKS" }, later);
    assertAllDone(await Array.fromAsync(client.sync({ remote: "mirror" }, { local })));
    assertAlike(local, join(server.served, "mirror"));
    assertSameTimes(local, join(server.served, "mirror"));
  });
}
