import { createRoute } from "@hono/zod-openapi";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type GatewayContext, type GatewayParts, loginOf, visitorOf } from "../environment.ts";
import { packInto } from "../files/archive.ts";
import { fileHeaders } from "../files/file-headers.ts";
import { isOneName } from "../files/tree-walk.ts";
import { GatewayRefusal } from "../problem.ts";
import * as schemas from "../schemas.ts";
import { failures, type GatewayApp, inLogin, json } from "./describing.ts";

/** Many files as one ZIP file, which is made while it is read. */
export function archiveRoutes(app: GatewayApp, parts: GatewayParts): void {
  app.openapi(archiveRoute, (context) => {
    const { login } = loginOf(parts, context);
    const { directory, names } = context.req.valid("json");
    if (!names.every((name) => isOneName(name)))
      throw new GatewayRefusal(400, "SALLYPORT_REQUEST_INVALID", "A name is one name, without a slash");
    const token = parts.tickets.issue(login, { kind: "archive", directory, names });
    return context.json({ url: `/files/zip/${token}/${encodeURIComponent(archiveName(directory, names))}` }, 200);
  });
  app.get("/files/zip/:token/:name", (context) => sendArchive(parts, context));
}

async function sendArchive(parts: GatewayParts, context: GatewayContext): Promise<Response> {
  const visitor = visitorOf(parts, context);
  const token = context.req.param("token") ?? "";
  const { login, errand } = parts.tickets.use(token, "archive", visitor.logins);
  const { directory, names } = errand;
  const client = await login.client(visitor.key);
  const { outgoing } = context.env;
  const name = archiveName(directory, names);
  const headers = fileHeaders(name, false);
  if (context.req.method === "HEAD") return new Response(null, { headers });
  const facts = { id: token.slice(0, 12), direction: "download", path: name, total: undefined } as const;
  const transfer = login.transfers.begin(facts, () => outgoing.destroyed);
  try {
    await packInto(outgoing, client, {
      directory,
      names,
      onBegin: () => outgoing.writeHead(200, { ...headers, "Accept-Ranges": "none" }),
      onMoved: (bytes) => transfer.moved(bytes),
    });
    transfer.done();
  } catch (error) {
    transfer.failed(error);
    if (!outgoing.headersSent) throw error;
    // What is missing must not look like the end.
    outgoing.destroy();
  }
  return RESPONSE_ALREADY_SENT;
}

/** Called as what is in it, or as where it lies. */
function archiveName(directory: string, names: readonly string[]): string {
  const [only] = names;
  const parent = directory.replace(/\/+$/, "").split("/").at(-1) ?? "";
  const name = names.length === 1 && only !== undefined ? only : parent === "" ? "files" : parent;
  return `${name.toWellFormed()}.zip`;
}

const archiveRoute = createRoute({
  method: "post",
  path: "/api/logins/{login}/archives",
  summary: "Makes an address under which several entries can be read as one ZIP file",
  description:
    "The file is made while it is read: nothing is compressed, and nothing is kept. What the server does not give is left out and listed in a text inside.",
  request: { ...inLogin, body: json(schemas.archiveRequest) },
  responses: { 200: { description: "The address", ...json(schemas.download) }, ...failures },
});
