import { createRoute, z } from "@hono/zod-openapi";
import { freeName, ProgressMeter, resolveConflict, type Client, type UploadInPieces } from "@sallyport/client";
import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { UploadJson, UploadRequest } from "../../api/api.ts";
import { bounds } from "../bounds.ts";
import { type GatewayContext, type GatewayParts, loginOf, visitorOf } from "../environment.ts";
import { RequestBody } from "../files/request-body.ts";
import type { Errand } from "../files/tickets.ts";
import type { Login } from "../logins/login.ts";
import type { RunningTransfer } from "../logins/transfers.ts";
import { GatewayRefusal, statusOf } from "../problem.ts";
import * as schemas from "../schemas.ts";
import { failures, type GatewayApp, inLogin, json } from "./describing.ts";
import { entryJson } from "./entries.ts";

/**
 * Files on their way from a browser to a server. How much the server has, the server says; this gateway remembers nothing,
 * so an upload goes on after a restart of it, from another browser, or through another gateway.
 */
export function uploadRoutes(app: GatewayApp, parts: GatewayParts): void {
  app.openapi(beginRoute, async (context) => {
    const { visitor, login } = loginOf(parts, context);
    const client = await login.client(visitor.key);
    return context.json(await begin(parts, login, client, context.req.valid("json")), 200);
  });
  app.openapi(offsetRoute, async (context) => {
    const { client, pieces } = await uploadOf(parts, context);
    using lease = await client.checkout();
    context.header("Upload-Offset", String(await pieces.offset(lease.connection)));
    context.header("Cache-Control", "no-store");
    return context.body(null, 204);
  });
  app.openapi(sendRoute, (context) => receive(parts, context));
  app.openapi(discardRoute, async (context) => {
    const { login, client, pieces, errand } = await uploadOf(parts, context);
    using _ = await parts.partsInTurn.take(partOf(login, errand));
    using lease = await client.checkout();
    await (errand.isAdopted ? pieces.giveBack(lease.connection) : pieces.discard(lease.connection));
    parts.tickets.end(context.req.valid("param").token);
    return context.body(null, 204);
  });
}

async function begin(
  { tickets }: GatewayParts,
  login: Login,
  client: Client,
  { path: wanted, sizeBytes, modifiedMs, onConflict }: UploadRequest,
): Promise<UploadJson> {
  let path = wanted;
  const isAdopted = onConflict === "resume";
  const target =
    onConflict !== "overwrite" && !isAdopted && (await client.exists(path)) ? await client.stat(path) : undefined;
  if (target !== undefined) {
    if (onConflict === "ask") return { kind: "taken", target: entryJson(target) };
    const known = {
      size: target.size === undefined ? undefined : Number(target.size),
      modifiedMs: target.modified?.instant?.getTime(),
    };
    const conflict = { path, source: { size: sizeBytes, modifiedMs }, target: known };
    const resolution = await resolveConflict(onConflict, conflict);
    if (resolution.kind === "skip") return { kind: "skipped", because: resolution.because };
    if (resolution.kind === "rename") path = await freeName(path, (name) => client.exists(name));
  }
  const pieces = client.uploadInPieces(path, { sizeBytes, modifiedMs });
  using lease = await client.checkout();
  if (isAdopted) await pieces.adopt(lease.connection);
  const offset = await pieces.offset(lease.connection);
  const token = tickets.issue(login, { kind: "upload", path, sizeBytes, modifiedMs, isAdopted });
  return { kind: "ready", url: `/api/uploads/${token}`, path, offset };
}

interface RunningUpload {
  readonly login: Login;
  readonly errand: Extract<Errand, { kind: "upload" }>;
  readonly client: Client;
  readonly pieces: UploadInPieces;
}

async function uploadOf(parts: GatewayParts, context: GatewayContext): Promise<RunningUpload> {
  const visitor = visitorOf(parts, context);
  const { login, errand } = parts.tickets.use(context.req.param("token") ?? "", "upload", visitor.logins);
  const client = await login.client(visitor.key);
  return { login, errand, client, pieces: client.uploadInPieces(errand.path, errand) };
}

async function receive(parts: GatewayParts, context: GatewayContext) {
  const { incoming } = context.env;
  try {
    const { login, errand, client, pieces } = await uploadOf(parts, context);
    const { path, sizeBytes: total } = errand;
    const token = context.req.param("token") ?? "";
    const facts = { id: token.slice(0, 12), direction: "upload", path, total } as const;
    const transfer = login.transfers.begin(facts, () => incoming.destroyed && !incoming.complete);
    try {
      using _ = await parts.partsInTurn.take(partOf(login, errand));
      const offset = await send(client, pieces, {
        errand,
        incoming,
        transfer,
        given: context.req.header("Upload-Offset"),
        onEndsConnection: () => context.header("Connection", "close"),
      });
      if (offset === total) parts.tickets.end(token);
      transfer.done();
      return context.json({ offset, isWhole: offset === total }, 200);
    } catch (error) {
      transfer.failed(error);
      throw error;
    }
  } catch (error) {
    if (statusOf(error) === 500) parts.onFailure(error);
    await drain(incoming);
    if (!incoming.readableEnded) context.header("Connection", "close");
    throw error;
  }
}

/** The part of an upload as the server knows it, whose logins of one account see the same. */
function partOf(
  { facts: { user, host, port } }: Login,
  { path, sizeBytes, modifiedMs }: RunningUpload["errand"],
): string {
  return JSON.stringify([user, host, port, path, sizeBytes, modifiedMs]);
}

interface Sending {
  readonly errand: Extract<Errand, { kind: "upload" }>;
  readonly incoming: IncomingMessage;
  readonly transfer: RunningTransfer;
  readonly given: string | undefined;
  /** The connection of the request can serve no other. */
  onEndsConnection(): void;
}

/** Sends what comes to where the server's part ends, and publishes what is whole; returns what the server has then. */
async function send(
  client: Client,
  pieces: UploadInPieces,
  { errand, incoming, transfer, given, onEndsConnection }: Sending,
): Promise<number> {
  const { sizeBytes } = errand;
  using lease = await client.checkout();
  const { connection } = lease;
  const offset = await pieces.offset(connection);
  if (given !== String(offset)) {
    const message = `The server has ${offset} octets of this file: go on there`;
    throw new GatewayRefusal(409, "SALLYPORT_UPLOAD_OFFSET", message, { offset });
  }
  // Of one who left meanwhile nothing comes any more, not even an end.
  if (incoming.destroyed) throw left();
  const meter = new ProgressMeter(errand.path, ({ bytes }) => transfer.moved(bytes), { total: sizeBytes });
  let end = offset;
  if (offset < sizeBytes || sizeBytes === 0) {
    using body = new RequestBody(incoming, sizeBytes - offset);
    try {
      const { bytes } = await pieces.send(connection, offset, body, { meter });
      end += bytes;
    } finally {
      // Also of a refused one the next request would find a parser that hears nothing.
      if (body.endsConnection) onEndsConnection();
    }
  } else {
    await pieces.end(connection);
  }
  if (incoming.destroyed && !incoming.complete) throw left();
  if (end === sizeBytes) await pieces.publish(connection);
  return end;
}

function left(): GatewayRefusal {
  return new GatewayRefusal(400, "SALLYPORT_CANCELLED", "The browser broke the upload off");
}

/** Reads on for a moment, or the browser, which sends before it listens, would see a broken connection and no reason. */
async function drain(incoming: IncomingMessage): Promise<void> {
  if (incoming.readableEnded || incoming.destroyed) return;
  incoming.resume();
  const ended = new Promise<void>((resolve) => incoming.once("close", resolve).once("end", resolve));
  await Promise.race([ended, delay(bounds.drainMs, undefined, { ref: false })]);
}

const inUpload = { params: z.object({ token: z.string().max(64) }) };

const beginRoute = createRoute({
  method: "post",
  path: "/api/logins/{login}/uploads",
  summary: "Begins an upload, or goes on with one that broke off",
  description:
    "An upload is found again by path, size and time of change, also after a restart of the gateway: `offset` is what the server has. With `onConflict` of `ask`, a name that is taken is told with what it names.",
  request: { ...inLogin, body: json(schemas.uploadRequest) },
  responses: { 200: { description: "Where to send it", ...json(schemas.upload) }, ...failures },
});

const offsetRoute = createRoute({
  method: "get",
  path: "/api/uploads/{token}",
  summary: "Asks the server how much it has, in the header Upload-Offset",
  request: inUpload,
  responses: { 204: { description: "Upload-Offset says how much" }, ...failures },
});

const sendRoute = createRoute({
  method: "patch",
  path: "/api/uploads/{token}",
  summary: "Sends octets from Upload-Offset on, as many as there are",
  description:
    "Another offset than the server's is a 409 that names the right one. With its last octet the file gets its name.",
  request: inUpload,
  responses: {
    200: { description: "How much there is now", ...json(z.object({ offset: z.int(), isWhole: z.boolean() })) },
    ...failures,
  },
});

const discardRoute = createRoute({
  method: "delete",
  path: "/api/uploads/{token}",
  summary: "Gives an upload up and removes what the server has of it",
  request: inUpload,
  responses: { 204: { description: "Done" }, ...failures },
});
