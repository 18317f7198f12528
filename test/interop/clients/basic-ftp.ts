import { type AccessOptions, Client } from "basic-ftp";
import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Operation, Perform, StockClient, Task } from "../peers/client.ts";

export const basicFtp: StockClient = {
  name: "basic-ftp",
  needs: [],
  testedVersion: "6.2.3",
  askVersion: async () => succeeded(version()),
  modes: ["plain", "explicit", "implicit"],
  hasIpv6: true,
  operations: {
    list: inClient(async (client) => (await client.list()).map(({ name }) => name).join("\n")),
    get: inClient(async (client, { local, remote }) => client.downloadTo(local, remote)),
    put: inClient(async (client, { local, remote }) => client.uploadFrom(local, remote)),
    "resume get": inClient(async (client, { local, remote }) =>
      client.downloadTo(local, remote, (await stat(local)).size),
    ),
    "resume put": inClient(async (client, { local, remote }) => {
      const localStart = await client.size(remote);
      return client.appendFrom(local, remote, { localStart });
    }),
  } satisfies Partial<Record<Operation, Perform>>,
  quirks: ["Sends `OPTS UTF8 ON` before login.", "Resumes uploads with `SIZE` and `APPE`."],
};

const security = { plain: false, explicit: true, implicit: "implicit" } as const;

/** It runs in this process: it is a library, and has its own time-outs. */
function inClient(act: (client: Client, task: Task) => Promise<unknown>): Perform {
  return async (task) => {
    const client = new Client(15_000);
    try {
      await client.access(await accessOf(task));
      await client.cd(task.folder);
      const said = await act(client, task);
      return succeeded(typeof said === "string" ? said : "");
    } finally {
      client.close();
    }
  };
}

async function accessOf({ mode, host, port, user, password, caFile }: Task): Promise<AccessOptions> {
  const secureOptions = { ca: await readFile(caFile), host };
  return { host, port, user, password, secure: security[mode], secureOptions };
}

function succeeded(stdout: string) {
  return { code: 0, signal: null, stdout, stderr: "" };
}

function version(): string {
  const manifest = createRequire(import.meta.url)("basic-ftp/package.json") as { readonly version: string };
  return manifest.version;
}
