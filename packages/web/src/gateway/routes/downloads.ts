import { createRoute } from "@hono/zod-openapi";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Entry } from "@sallyport/client";
import { type GatewayContext, type GatewayParts, loginOf, visitorOf } from "../environment.ts";
import { parseRange, rangeHolds } from "../files/byte-range.ts";
import { FileAnswer, longer } from "../files/file-answer.ts";
import { fileHeaders } from "../files/file-headers.ts";
import { GatewayRefusal } from "../problem.ts";
import * as schemas from "../schemas.ts";
import { failures, type GatewayApp, inLogin, json } from "./describing.ts";

/** Files on their way from a server to a browser, from any octet on. */
export function downloadRoutes(app: GatewayApp, parts: GatewayParts): void {
  app.openapi(ticketRoute, async (context) => {
    const { visitor, login } = loginOf(parts, context);
    const { path, shown } = context.req.valid("json");
    const client = await login.client(visitor.key);
    const { size } = await client.stat(path);
    const name = path.slice(path.lastIndexOf("/") + 1);
    const token = parts.tickets.issue(login, { kind: "download", path, name, isShown: shown });
    const url = `/files/${token}/${encodeURIComponent(name.toWellFormed())}`;
    return context.json({ url, ...(size !== undefined && { sizeBytes: Number(size) }) }, 200);
  });
  app.get("/files/:token/:name", (context) => sendFile(parts, context));
}

async function sendFile(parts: GatewayParts, context: GatewayContext): Promise<Response> {
  const visitor = visitorOf(parts, context);
  const token = context.req.param("token") ?? "";
  const { login, errand } = parts.tickets.use(token, "download", visitor.logins);
  const client = await login.client(visitor.key);
  const found = await client.stat(errand.path);
  const { status, headers, start, end } = partOf(found, context);
  const { outgoing } = context.env;
  const allHeaders = { ...fileHeaders(errand.name, errand.isShown), ...headers };
  // The framework makes another answer of this one for HEAD, and must not find that it was sent.
  if (context.req.method === "HEAD" || status === 416) return new Response(null, { status, headers: allHeaders });
  const total = end === undefined ? undefined : end - start;
  const facts = {
    id: token.slice(0, 12),
    direction: "download",
    path: errand.path,
    total,
    isQuiet: errand.isShown,
  } as const;
  const transfer = login.transfers.begin(facts, () => outgoing.destroyed);
  // An attachment is fetched once; what a page shows is asked for again and again, a part at a time.
  const isRest = status === 200 || /^bytes=\d+-$/.test(context.req.header("Range") ?? "");
  const isOnce = !errand.isShown && isRest;
  const answer = new FileAnswer(outgoing, transfer, {
    total,
    startsGently: errand.isShown && status === 206,
    begin: () => outgoing.writeHead(status, allHeaders),
    onBytes: (bytes) => {
      if (isOnce && bytes === total) parts.tickets.end(token);
    },
  });
  const range = { start, ...(end !== undefined && { end }) };
  try {
    const sizeBytes = sizeOf(found);
    const bytes = await client.readInto(errand.path, answer, {
      ...range,
      ...(sizeBytes !== undefined && { sizeBytes }),
    });
    if (total !== undefined && bytes !== total) {
      throw new GatewayRefusal(502, "SALLYPORT_DATA_TRUNCATED", `The server sent ${bytes} octets of ${total}`);
    }
    answer.end();
    transfer.done();
  } catch (error) {
    if (error === longer) {
      answer.end();
      transfer.done();
      return RESPONSE_ALREADY_SENT;
    }
    transfer.failed(error);
    if (!outgoing.headersSent) throw error;
    // What is missing must not look like the end.
    outgoing.destroy();
  }
  return RESPONSE_ALREADY_SENT;
}

interface FilePart {
  readonly status: 200 | 206 | 416;
  readonly headers: Readonly<Record<string, string>>;
  readonly start: number;
  readonly end: number | undefined;
}

function sizeOf({ size }: Entry): number | undefined {
  return Number.isSafeInteger(Number(size)) ? Number(size) : undefined;
}

function partOf(entry: Entry, context: GatewayContext): FilePart {
  const sizeBytes = sizeOf(entry);
  const instant = entry.modified?.instant;
  const tag = sizeBytes === undefined || instant === undefined ? undefined : `"${sizeBytes}-${instant.getTime()}"`;
  const validators = {
    ...(tag !== undefined && { ETag: tag }),
    ...(instant !== undefined && { "Last-Modified": instant.toUTCString() }),
  };
  if (sizeBytes === undefined) return { status: 200, headers: validators, start: 0, end: undefined };
  const holds = rangeHolds(context.req.header("If-Range"), tag);
  const range = holds ? parseRange(context.req.header("Range"), sizeBytes) : undefined;
  if (range === "unsatisfiable") {
    return { status: 416, headers: { "Content-Range": `bytes */${sizeBytes}` }, start: 0, end: 0 };
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes };
  const headers = {
    ...validators,
    "Content-Length": String(end - start),
    ...(range && { "Content-Range": `bytes ${start}-${end - 1}/${sizeBytes}` }),
  };
  return { status: range === undefined ? 200 : 206, headers, start, end };
}

const ticketRoute = createRoute({
  method: "post",
  path: "/api/logins/{login}/downloads",
  summary: "Makes an address under which a file can be read, whole or in part",
  description:
    "GET and HEAD of the address take Range and If-Range. It is good for the browser that asked, until the file's last octet was given out or for as long as a part of it is used; with `shown`, for as long as it is used. With `shown`, types that cannot run anything are sent inline; everything else is an attachment.",
  request: { ...inLogin, body: json(schemas.downloadRequest) },
  responses: { 200: { description: "The address", ...json(schemas.download) }, ...failures },
});
