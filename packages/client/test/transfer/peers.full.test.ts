import { startDelayProxy } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { assertSame } from "../every-operation.ts";
import { realServers } from "../real-servers.ts";
import { dialerThrough, localFolder } from "./scene.ts";

const content = randomBytes(9_000_000);

for (const { name, start, skip, resumption } of realServers) {
  test(
    `R-CLI-06 transfers with ${name} go on where they were cut, in segments, and are compared`,
    { skip },
    async (t) => {
      await using server = await start();
      const folder = await localFolder(t);
      const [local, remote] = [join(folder, "big"), join(server.served, "big")];
      await writeFile(remote, content);
      await utimes(remote, 951_827_696, 951_827_696);
      let ports: ReadonlySet<number> | undefined;
      let cutsLeft = 0;
      const isCut = ({ port }: { readonly port: number }): boolean => {
        // The first port is that of control connections.
        ports ??= new Set([port]);
        return !ports.has(port) && cutsLeft-- > 0;
      };
      const direction = { toClient: true };
      await using proxy = startDelayProxy({
        windowBytes: 500_000,
        delayMs: 1,
        cutAfter: (one) => (direction.toClient && isCut(one) ? randomInt(200_000, 2_000_000) : undefined),
        cutToServerAfter: (one) => (!direction.toClient && isCut(one) ? randomInt(200_000, 2_000_000) : undefined),
      });
      const pace = { retry: { firstDelayMs: 20 }, timeouts: { completion: 3_000 } };
      const options = { tls: { resumption }, ...pace, proxy: dialerThrough(proxy) } as const;
      await using client = await server.connect("explicit", options);
      if (client === undefined) throw new Error("every server has the explicit mode");
      for (const segments of [1, 3]) {
        cutsLeft = 4;
        const outcome = await client.download("big", local, { segments, preserve: true, verify: "auto" });
        assertSame(await readFile(local), content);
        assert.equal(outcome.bytes, content.length, "octets were fetched twice");
        assert.ok(["hash", "sample"].includes(outcome.verified.method), outcome.verified.method);
        assert.equal((await stat(local)).mtimeMs, 951_827_696_000);
        assert.equal(cutsLeft < 1, true);
      }
      direction.toClient = false;
      cutsLeft = 3;
      const sent = await client.upload(local, "sent", { preserve: true, verify: "auto" });
      assertSame(await readFile(join(server.served, "sent")), content);
      assert.ok(["hash", "sample"].includes(sent.verified.method), sent.verified.method);
      assert.equal((await stat(join(server.served, "sent"))).mtimeMs, 951_827_696_000);
      cutsLeft = 0;
      await breakOff((more) => client.download("big", `${local} 2`, { resume: true, ...more }));
      const again = await client.download("big", `${local} 2`, { resume: true });
      assertSame(await readFile(`${local} 2`), content);
      assert.ok(again.resumedFrom > 500_000, `${again.resumedFrom}`);
      await breakOff((more) => client.upload(local, "sent 2", { resume: true, ...more }));
      await client.upload(local, "sent 2", { resume: true });
      assertSame(await readFile(join(server.served, "sent 2")), content);
      assert.deepEqual(await readdir(folder), ["big", "big 2"]);
      assert.deepEqual(
        (await readdir(server.served)).filter((one) => one.includes("sallyport-part")),
        [],
      );
    },
  );
}

interface Watched {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly bytes: number }) => void;
}

async function breakOff(transfer: (more: Watched) => Promise<unknown>): Promise<void> {
  const aborter = new AbortController();
  const onProgress = ({ bytes }: { readonly bytes: number }): void => {
    if (bytes > 3_000_000) aborter.abort(new Error("enough"));
  };
  await assert.rejects(transfer({ signal: aborter.signal, onProgress }), { message: "enough" });
}
