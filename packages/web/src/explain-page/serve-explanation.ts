import type { ExplainedHost, ExplainEvent, StrippedClient } from "@sallyport/inspector";
import { strippedClients } from "@sallyport/inspector";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { liveExplainPage } from "./explain-page.ts";

/** A page on this machine that explains a server each time that it is opened. */
export interface ServedExplanation extends AsyncDisposable {
  /** To be opened in a browser. It holds a secret, so that nobody else on this machine makes it log in. */
  readonly url: string;
}

/** Makes a run, with somebody in between or without. */
export type ExplanationRun = (between: StrippedClient | undefined, signal: AbortSignal) => AsyncIterable<ExplainEvent>;

/**
 * Serves the live page of one server on the loopback device. Each time that the page asks, `run` is called anew.
 *
 * @throws the system's error where the port is taken.
 */
export async function serveExplanation(
  target: ExplainedHost,
  run: ExplanationRun,
  { port = 0 }: { readonly port?: number } = {},
): Promise<ServedExplanation> {
  const secret = randomBytes(16).toString("base64url");
  const page = await liveExplainPage(target, `/${secret}/events`);
  const server = createServer((request, answer) => {
    const url = URL.parse(request.url ?? "/", "http://localhost");
    if (url === null || !isHere(request) || request.method !== "GET") return void answer.writeHead(403).end();
    const { pathname, searchParams } = url;
    if (pathname === `/${secret}/`) answer.writeHead(200, pageHeaders).end(page);
    else if (pathname === `/${secret}/events`) {
      const between = strippedClients.find((client) => client === searchParams.get("between"));
      void tell(run, between, answer);
    } else answer.writeHead(404).end();
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}/${secret}/`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const;

/** A name of somebody else's that leads here (DNS rebinding) is not taken for ours. */
function isHere({ headers }: IncomingMessage): boolean {
  return /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(headers.host ?? "");
}

async function tell(run: ExplanationRun, between: StrippedClient | undefined, answer: ServerResponse): Promise<void> {
  const over = new AbortController();
  answer.once("close", () => over.abort(new Error("nobody watches any more")));
  answer.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  try {
    for await (const event of run(between, over.signal)) answer.write(`data: ${JSON.stringify(event)}\n\n`);
  } catch {
    // Whoever watched has left.
  }
  answer.end("event: over\ndata:\n\n");
}
