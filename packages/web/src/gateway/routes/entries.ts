import { createRoute, z } from "@hono/zod-openapi";
import type { Client, Entry } from "@sallyport/client";
import { stream } from "hono/streaming";
import type { EntryJson, ListingLine } from "../../api/api.ts";
import { bounds } from "../bounds.ts";
import { type GatewayContext, type GatewayParts, loginOf } from "../environment.ts";
import { GatewayRefusal, problemOf } from "../problem.ts";
import * as schemas from "../schemas.ts";
import { failures, type GatewayApp, inLogin, json } from "./describing.ts";

/** Directories and what is done with what lies in them. */
export function entryRoutes(app: GatewayApp, parts: GatewayParts): void {
  const clientOf = (context: GatewayContext): Promise<Client> => {
    const { visitor, login } = loginOf(parts, context);
    return login.client(visitor.key);
  };
  app.openapi(listRoute, async (context) => {
    const { visitor, login } = loginOf(parts, context);
    const client = await login.client(visitor.key);
    const lines = listingLines(client.list(context.req.valid("json").path));
    // A refusal is the answer, not the end of a listing.
    const first = await lines.next();
    context.header("Content-Type", "application/x-ndjson");
    context.header("Cache-Control", "no-store");
    const answer = stream(context, async (writing) => {
      for (let next = first; !next.done && !writing.aborted; next = await lines.next()) {
        await writing.write(`${JSON.stringify(next.value)}\n`);
      }
      await lines.return(undefined);
      // The login may have ended meanwhile.
      await login.client(visitor.key).catch(() => {});
    });
    // A stream has no type for what it carries.
    return answer as never;
  });
  app.openapi(statRoute, async (context) => {
    const client = await clientOf(context);
    return context.json(entryJson(await client.stat(context.req.valid("json").path)), 200);
  });
  app.openapi(renameRoute, async (context) => {
    const { from, to } = context.req.valid("json");
    await (await clientOf(context)).rename(from, to);
    return context.body(null, 204);
  });
  app.openapi(removeRoute, async (context) => {
    const { path, recursive } = context.req.valid("json");
    await (await clientOf(context)).remove(path, { recursive });
    return context.body(null, 204);
  });
  app.openapi(directoryRoute, async (context) => {
    await (await clientOf(context)).makeDirectory(context.req.valid("json").path);
    return context.body(null, 204);
  });
  app.openapi(modeRoute, async (context) => {
    const { path, mode } = context.req.valid("json");
    await (await clientOf(context)).chmod(path, mode);
    return context.body(null, 204);
  });
  app.openapi(hashRoute, async (context) => {
    const { path, algorithm } = context.req.valid("json");
    const client = await clientOf(context);
    const { algorithm: used, hex: digest } = await client.hash(path, algorithm === undefined ? {} : { algorithm });
    return context.json({ algorithm: used, digest }, 200);
  });
}

/** A listing in pieces, as it comes; the first comes early. What fails after it is its last line. */
async function* listingLines(entries: AsyncIterable<Entry>): AsyncGenerator<ListingLine> {
  let waiting: EntryJson[] = [];
  let count = 0;
  try {
    for await (const entry of entries) {
      if (count >= bounds.entriesPerListing) throw tooManyEntries();
      waiting.push(entryJson(entry));
      count++;
      const isFirst = count === firstPiece;
      if (!isFirst && waiting.length < bounds.entriesPerLine) continue;
      yield { entries: waiting };
      waiting = [];
    }
  } catch (error) {
    if (count === 0) throw error;
    // What came is shown.
    if (waiting.length > 0) yield { entries: waiting };
    yield { failure: problemOf(error) };
    return;
  }
  if (waiting.length > 0) yield { entries: waiting };
  yield { end: { count } };
}

const firstPiece = 50;

function tooManyEntries(): GatewayRefusal {
  const message = `The directory has more than ${bounds.entriesPerListing} entries: the rest is not shown`;
  return new GatewayRefusal(502, "SALLYPORT_LISTING_TOO_LONG", message);
}

export function entryJson({ name, type, size, modified, mode, owner, group, target }: Entry): EntryJson {
  return {
    name,
    type,
    ...(size !== undefined && { size: Number(size) }),
    ...(modified?.instant && { modified: modified.instant.toISOString() }),
    ...(mode !== undefined && { mode }),
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
    ...(target !== undefined && { target }),
  };
}

const done = { 204: { description: "Done" }, ...failures } as const;

const listRoute = createRoute({
  method: "post",
  path: "/api/logins/{login}/list",
  summary: "Lists a directory, as the server sends it",
  request: { ...inLogin, body: json(schemas.pathRequest) },
  responses: {
    200: {
      description: "One ListingLine a line: entries as they come, and last how it ended",
      content: { "application/x-ndjson": { schema: z.string() } },
    },
    ...failures,
  },
});

const statRoute = createRoute({
  method: "post",
  path: "/api/logins/{login}/stat",
  summary: "Tells what a path is",
  request: { ...inLogin, body: json(schemas.pathRequest) },
  responses: { 200: { description: "The entry", ...json(schemas.entry) }, ...failures },
});

const renameRoute = createRoute({
  method: "post",
  path: "/api/logins/{login}/rename",
  summary: "Renames or moves",
  request: { ...inLogin, body: json(schemas.renameRequest) },
  responses: done,
});

const removeRoute = createRoute({
  method: "post",
  path: "/api/logins/{login}/remove",
  summary: "Removes a file or a directory, with `recursive` also one that is not empty",
  request: { ...inLogin, body: json(schemas.removeRequest) },
  responses: done,
});

const directoryRoute = createRoute({
  method: "post",
  path: "/api/logins/{login}/directories",
  summary: "Makes a directory",
  request: { ...inLogin, body: json(schemas.pathRequest) },
  responses: done,
});

const modeRoute = createRoute({
  method: "post",
  path: "/api/logins/{login}/mode",
  summary: "Changes permissions (SITE CHMOD)",
  request: { ...inLogin, body: json(schemas.modeRequest) },
  responses: done,
});

const hashRoute = createRoute({
  method: "post",
  path: "/api/logins/{login}/hash",
  summary: "Asks the server for a digest of a file",
  request: { ...inLogin, body: json(schemas.hashRequest) },
  responses: { 200: { description: "The digest, in hex", ...json(schemas.hash) }, ...failures },
});
