import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after } from "node:test";
import type { ServiceEvent } from "@sallyport/daemon";
import { Notifier, type NotifierOptions, type NotifySettings } from "@sallyport/daemon/events";
import { makeTestIdentity, type TestIdentity } from "@sallyport/testing";

/** A directory for one test file, removed at its end. */
export function scratchDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "sallyport-events-"));
  after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Writes a program of sh. */
export function script(path: string, lines: string): string {
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly document: { readonly [field: string]: unknown };
}

/** A webhook on this machine. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly identity: TestIdentity;
  readonly received: Received[];
  /** What the next calls are answered, then 204. */
  readonly answers: { status: number; headers?: Record<string, string> }[];
}

/** Starts a receiver over TLS, or with `plain` without; `port` where it has to be the same again. */
export async function startReceiver(
  options: { readonly plain?: boolean; readonly port?: number; readonly names?: readonly string[] } = {},
): Promise<Receiver> {
  const identity = makeTestIdentity({ names: options.names ?? ["localhost", "127.0.0.1"] });
  const received: Received[] = [];
  const answers: Receiver["answers"] = [];
  const listener: RequestListener = (request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body, document: JSON.parse(body) as Received["document"] });
      const { status, headers = {} } = answers.shift() ?? { status: 204 };
      response.writeHead(status, headers).end();
    });
  };
  const server =
    options.plain === true
      ? createHttpServer(listener)
      : createServer({ cert: identity.certificate, key: identity.key }, listener);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.plain === true ? "http" : "https"}://127.0.0.1:${port}/hook?token=hidden`,
    identity,
    received,
    answers,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A notifier that has begun, and what it reported. */
export function startNotifier(
  settings: Partial<NotifySettings> & Pick<NotifySettings, "targets">,
  options: Partial<NotifierOptions> & { readonly path: string; readonly directory: string },
): { readonly notifier: Notifier; readonly reports: ServiceEvent[] } {
  const reports: ServiceEvent[] = [];
  const notifier = new Notifier({
    settings: { events: ["published"], ...settings },
    served: { root: "/srv/ftp", readOnly: true },
    durable: false,
    version: "0.0.0",
    server: "here.example",
    report: (event) => void reports.push(event),
    ...options,
    limits: { notifyRetryMs: 20, notifyRetryMaxMs: 200, ...options.limits },
  });
  notifier.begin();
  return { notifier, reports };
}

/** Waits until something holds. */
export async function until(holds: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`not in ${timeoutMs} ms: ${what}`);
    // oxlint-disable-next-line no-await-in-loop -- polling
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The documents that a program has appended to a file, one a line. */
export function documentsIn(path: string): Record<string, unknown>[] {
  try {
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  } catch {
    return [];
  }
}
