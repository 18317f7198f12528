import { startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  createReadStream,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, before, suite, test } from "node:test";
import type { UploadJson } from "../src/api/api.ts";
import { BrowserHalf } from "./browser-half.ts";
import { browserSkip, openPage, signIn, startBrowser } from "./browser-page.ts";
import { spawnGateway } from "./gateway-process.ts";

const gibibyte = 1024 ** 3;
const mebibyte = 1024 ** 2;

suite("Large transfers through the gateway", () => {
  let server: Awaited<ReturnType<typeof startTestServer>>;
  const folder = mkdtempSync(join(tmpdir(), "sallyport-large-"));
  before(async () => void (server = await startTestServer()));
  after(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test("the gateway's memory is flat over 10 GiB down and 10 GiB up", { timeout: 900_000 }, async (context) => {
    const gateway = await spawnGateway(server.identity.ca);
    try {
      const sizeBytes = 10 * gibibyte;
      const file = join(server.directory, "sparse.bin");
      closeSync(openSync(file, "w"));
      truncateSync(file, sizeBytes);
      const browser = new BrowserHalf(gateway.port);
      const login = await browser.signIn({ address: `localhost:${server.explicitPort}`, security: "explicit" });
      const asked = await browser.post(`/api/logins/${login.id}/downloads`, { path: "/sparse.bin" });
      const { url } = (await asked.json()) as { readonly url: string };
      const seen = { down: new Resident(gateway.pid), up: new Resident(gateway.pid) };
      let received = 0;
      await exchange(gateway.port, "GET", url, browser.cookie, {
        onBytes: (bytes) => {
          received += bytes;
          seen.down.moved(received);
        },
      });
      assert.equal(received, sizeBytes);
      rmSync(file);
      const facts = { path: "/up.bin", sizeBytes, modifiedMs: 1, onConflict: "overwrite" };
      const begun = (await (await browser.post(`/api/logins/${login.id}/uploads`, facts)).json()) as UploadJson;
      assert.ok(begun.kind === "ready");
      const chunk = Buffer.alloc(mebibyte);
      await exchange(gateway.port, "PATCH", begun.url, browser.cookie, {
        sizeBytes,
        *chunks() {
          for (let sent = 0; sent < sizeBytes; sent += chunk.length) {
            yield chunk;
            seen.up.moved(sent + chunk.length);
          }
        },
      });
      assert.equal(statSync(join(server.directory, "up.bin")).size, sizeBytes);
      rmSync(join(server.directory, "up.bin"));
      for (const [way, { mebibytes }] of Object.entries(seen)) {
        const told = `${way}: ${mebibytes.join(", ")} MiB resident at each of 10 GiB`;
        context.diagnostic(told);
        const [first = 0] = mebibytes;
        assert.equal(mebibytes.length, 10, told);
        assert.ok(Math.max(...mebibytes) < Math.min(first + 100, 500), told);
      }
    } finally {
      await gateway.kill();
    }
  });

  test(
    "2 GiB go on after the gateway was killed and signed in to again",
    { skip: browserSkip, timeout: 900_000 },
    async () => {
      const file = join(folder, "two.bin");
      const descriptor = openSync(file, "w");
      for (let written = 0; written < 2048; written += 64) writeSync(descriptor, randomBytes(64 * mebibyte));
      closeSync(descriptor);
      const browser = await startBrowser();
      let running = await spawnGateway(server.identity.ca);
      const { port } = running;
      try {
        await using open = await openPage(browser, running);
        const { page } = open;
        page.setDefaultTimeout(300_000);
        const where = { address: `localhost:${server.explicitPort}`, mode: "Explicit" } as const;
        await signIn(page, where);
        await page.getByRole("grid").waitFor();
        await page.getByTestId("files").setInputFiles(file);
        await page.getByText(/(?:[5-9]\d\d MiB|1\.\d GiB) of 2\.0 GiB/).waitFor();
        await running.kill();
        running = await spawnGateway(server.identity.ca, port);
        await signIn(page, where);
        await page.getByText(/done, went on at \d+%/).waitFor();
        assert.equal(await digest(join(server.directory, "two.bin")), await digest(file));
      } finally {
        await running.kill();
        await browser.close();
      }
    },
  );
});

interface Exchanged {
  readonly sizeBytes?: number;
  readonly chunks?: () => Iterable<Buffer>;
  readonly onBytes?: (bytes: number) => void;
}

/** One request whose body is made and whose answer is counted, neither of them kept. */
async function exchange(port: number, method: string, path: string, cookie: string, given: Exchanged): Promise<void> {
  const { sizeBytes, chunks, onBytes = () => {} } = given;
  const headers = { Cookie: cookie, "X-Sallyport": "1", "Upload-Offset": "0" };
  const length = sizeBytes === undefined ? {} : { "Content-Length": String(sizeBytes) };
  const asking = request({ port, host: "127.0.0.1", method, path, headers: { ...headers, ...length } });
  const answered = new Promise<void>((resolve, reject) => {
    asking.once("error", reject).once("response", (answer) => {
      answer.on("data", (chunk: Buffer) => onBytes(chunk.length));
      answer.once("end", resolve).once("error", reject);
      if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`));
    });
  });
  if (chunks === undefined) asking.end();
  else await pipeline(Readable.from(chunks(), { objectMode: true, highWaterMark: 2 }), asking);
  await answered;
}

/** Resident memory of a process at each GiB that moves. */
class Resident {
  readonly mebibytes: number[] = [];
  readonly #pid: number;

  constructor(pid: number) {
    this.#pid = pid;
  }

  moved(bytes: number): void {
    if (bytes < (this.mebibytes.length + 1) * gibibyte) return;
    const [, kibibytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#pid}/status`, "utf8")) ?? [];
    this.mebibytes.push(Math.round(Number(kibibytes) / 1024));
  }
}

async function digest(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
