import assert from "node:assert/strict";
import { once } from "node:events";
import { type ScriptedServer, startScriptedServer } from "../../client/test/scripted-server.ts";
import type { EntryJson, ListingLine } from "../src/api/api.ts";

/** Names that lead elsewhere, or would. */
const climbing = ["../../etc/passwd", "..", ".", "a/b", "/abs", "x\0y", "<img src=x onerror=alert(1)>", "fine.txt"];

export interface HostileServer extends ScriptedServer {
  readonly stalled: Promise<void>;
  /** Settles when the listing without end was broken off. */
  readonly brokenOff: Promise<void>;
}

/** A server that sends such names, and then nothing more; or names without end for a path that ends so. */
export async function startHostileServer(): Promise<HostileServer> {
  const stalled = Promise.withResolvers<void>();
  const brokenOff = Promise.withResolvers<void>();
  const server = await startScriptedServer({
    MLSD: async (peer, argument) => {
      peer.reply("150 here it comes");
      const data = await peer.data();
      data.write(climbing.map((name) => `type=file;size=1; ${name}\r\n`).join(""));
      if (!argument.endsWith("endless")) return stalled.resolve();
      const lines = "type=file;size=1; one of very many\r\n".repeat(5_000);
      while (!data.destroyed)
        if (!data.write(lines)) await Promise.race([once(data, "drain"), once(data, "close")]).catch(() => {});
      brokenOff.resolve();
    },
  });
  return Object.assign(server, { stalled: stalled.promise, brokenOff: brokenOff.promise });
}

export function hostileRequest(port: number) {
  return { address: `127.0.0.1:${port}`, security: "plain", wishes: { patienceSeconds: 2 } } as const;
}

interface Listed {
  readonly entries: readonly EntryJson[];
  readonly last: ListingLine;
}

/** A listing to its end. */
export async function listed(response: Response): Promise<Listed> {
  const lines = (await response.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as ListingLine);
  return {
    entries: lines.flatMap((line) => ("entries" in line ? line.entries : [])),
    last: lines.at(-1) ?? assert.fail("there is no line"),
  };
}
