import { createRoute, z } from "@hono/zod-openapi";
import type { Client } from "@sallyport/client";
import { stream } from "hono/streaming";
import type { FoundJson, SearchLine, SearchRequest } from "../../api/api.ts";
import { bounds } from "../bounds.ts";
import { type GatewayParts, loginOf } from "../environment.ts";
import { walkTree } from "../files/tree-walk.ts";
import type { Login } from "../logins/login.ts";
import { GatewayRefusal, problemOf } from "../problem.ts";
import * as schemas from "../schemas.ts";
import { failures, type GatewayApp, inLogin, json } from "./describing.ts";
import { entryJson } from "./entries.ts";

/** Searches below a directory, which go on as long as somebody reads what they find. */
export function searchRoutes(app: GatewayApp, parts: GatewayParts): void {
  const running = new WeakMap<Login, number>();
  app.openapi(searchRoute, async (context) => {
    const { visitor, login } = loginOf(parts, context);
    const client = await login.client(visitor.key);
    const count = running.get(login) ?? 0;
    if (count >= bounds.searchesPerLogin)
      throw new GatewayRefusal(429, "SALLYPORT_TOO_OFTEN", "Another search is under way: end it first");
    running.set(login, count + 1);
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(bounds.searchMs)]);
    context.header("Content-Type", "application/x-ndjson");
    context.header("Cache-Control", "no-store");
    const answer = stream(context, async (writing) => {
      writing.onAbort(() => over.abort());
      try {
        for await (const line of searchLines(client, context.req.valid("json"), signal)) {
          if (writing.aborted) break;
          await writing.write(`${JSON.stringify(line)}\n`);
        }
      } finally {
        over.abort();
        running.set(login, (running.get(login) ?? 1) - 1);
      }
    });
    // A stream has no type for what it carries.
    return answer as never;
  });
}

/** What a search comes to, told a few times a second. */
async function* searchLines(
  client: Client,
  { path, text }: SearchRequest,
  signal: AbortSignal,
): AsyncGenerator<SearchLine> {
  const fits = matcher(text);
  let waiting: FoundJson[] = [];
  let toldAtMs = performance.now();
  let [seen, found, unread] = [0, 0, 0];
  const end = (isCut: boolean): SearchLine => ({ end: { seen, unread, isCut } });
  try {
    for await (const { entry, directory } of walkTree(client, path, { signal, onUnread: () => unread++ })) {
      seen++;
      if (fits(entry.name) && ++found) waiting.push({ directory, entry: entryJson(entry) });
      const isCut = seen >= bounds.searchSeen || found >= bounds.searchFound;
      if (!isCut && performance.now() - toldAtMs < intervalMs) continue;
      yield { found: waiting, seen };
      waiting = [];
      toldAtMs = performance.now();
      if (isCut) return yield end(true);
    }
  } catch (error) {
    if (waiting.length > 0) yield { found: waiting, seen };
    yield signal.aborted ? end(true) : { failure: problemOf(error) };
    return;
  }
  if (waiting.length > 0) yield { found: waiting, seen };
  yield end(signal.aborted);
}

const intervalMs = 150;

/** Part of a name in any case, with `*` for anything between; its time grows with the name's length alone. */
export function matcher(text: string): (name: string) => boolean {
  const parts = text
    .toLowerCase()
    .split("*")
    .filter((part) => part !== "");
  return (name) => {
    const whole = name.toLowerCase();
    let at = 0;
    for (const part of parts) {
      const found = whole.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return true;
  };
}

const searchRoute = createRoute({
  method: "post",
  path: "/api/logins/{login}/search",
  summary: "Looks for names below a directory",
  description: `Walks the tree, the near before the deep, without following links; ends with the request, after ${bounds.searchFound} finds, ${bounds.searchSeen} entries or ${bounds.searchMs / 60_000} minutes.`,
  request: { ...inLogin, body: json(schemas.searchRequest) },
  responses: {
    200: {
      description: "One SearchLine a line: what was found, and last how it ended",
      content: { "application/x-ndjson": { schema: z.string() } },
    },
    ...failures,
  },
});
