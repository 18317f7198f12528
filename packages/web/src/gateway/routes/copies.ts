import { createRoute, z } from "@hono/zod-openapi";
import type { Client } from "@sallyport/client";
import { randomBytes } from "node:crypto";
import type { CopyRequest } from "../../api/api.ts";
import { bounds } from "../bounds.ts";
import { type GatewayContext, type GatewayParts, loginOf } from "../environment.ts";
import { isOneName, pathIn } from "../files/tree-walk.ts";
import type { Login } from "../logins/login.ts";
import type { RunningTransfer } from "../logins/transfers.ts";
import { GatewayRefusal } from "../problem.ts";
import * as schemas from "../schemas.ts";
import { failures, type GatewayApp, inLogin, json } from "./describing.ts";

/** Copies between directories and servers: from server to server where both do that as protected, else through here. */
export function copyRoutes(app: GatewayApp, parts: GatewayParts): void {
  const running = new WeakMap<Login, Map<string, AbortController>>();
  app.openapi(copyRoute, async (context) => {
    const { visitor, login } = loginOf(parts, context);
    const request = context.req.valid("json");
    const target = visitor.logins.get(request.toLogin);
    if (target === undefined) throw new GatewayRefusal(401, "SALLYPORT_SIGNED_OUT", "The other login is over");
    refuseNonsense(request, login === target);
    const [from, to] = await Promise.all([login.client(visitor.key), target.client(visitor.key)]);
    const id = randomBytes(9).toString("base64url");
    const stop = new AbortController();
    const facts = {
      id,
      direction: "copy",
      path: pathIn(request.directory, request.names[0] ?? ""),
      total: undefined,
    } as const;
    const transfer = login.transfers.begin(facts, () => stop.signal.aborted);
    const ofLogin = running.get(login) ?? new Map<string, AbortController>();
    running.set(login, ofLogin.set(id, stop));
    void copyAll({ from, to, isSame: login === target }, request, { transfer, signal: stop.signal })
      .then(
        () => transfer.done(),
        (error: unknown) => transfer.failed(error),
      )
      .finally(() => ofLogin.delete(id));
    return context.json({ id }, 202);
  });
  app.openapi(cancelRoute, (context: GatewayContext) => {
    const { login } = loginOf(parts, context);
    running
      .get(login)
      ?.get(context.req.param("copy") ?? "")
      ?.abort();
    return context.body(null, 204);
  });
}

/** Into itself a directory would be copied for ever. */
function refuseNonsense({ directory, names, toDirectory }: CopyRequest, isSame: boolean): void {
  if (!names.every((name) => isOneName(name)))
    throw new GatewayRefusal(400, "SALLYPORT_REQUEST_INVALID", "A name is one name, without a slash");
  const into = `${toDirectory.replace(/\/+$/, "")}/`;
  if (isSame && names.some((name) => into.startsWith(`${pathIn(directory, name)}/`)))
    throw new GatewayRefusal(409, "SALLYPORT_COPY_INTO_ITSELF", "A folder cannot be copied into itself");
}

interface CopyEnds {
  readonly from: Client;
  readonly to: Client;
  readonly isSame: boolean;
}

interface CopyRun {
  readonly transfer: RunningTransfer;
  readonly signal: AbortSignal;
}

async function copyAll(ends: CopyEnds, request: CopyRequest, { transfer, signal }: CopyRun): Promise<void> {
  const { directory, names, toDirectory, isMove, onConflict } = request;
  const { from, to, isSame } = ends;
  const counted = counting(transfer);
  let pathBytes = 0;
  for (const name of names) {
    signal.throwIfAborted();
    const [source, target] = [pathIn(directory, name), pathIn(toDirectory, name)];
    const { type } = await from.stat(source, { signal });
    const wishes = { onConflict, signal, onProgress: counted.onProgress };
    let isWhole = true;
    if (type === "directory") {
      const place = isSame && source === target ? await freeCopyName(to, target) : target;
      await to.makeDirectory(place, { signal, recursive: true }).catch(() => {});
      for await (const step of from.fxpTree(source, to, place, { ...wishes, parallel: isSame ? 1 : 2 })) {
        pathBytes += step.path.length + 128;
        if (pathBytes > bounds.copiedBytes) throw tooLarge();
        if (step.outcome === "failed") throw step.error;
        if (step.outcome === "left" || (step.outcome === "done" && step.file.skipped !== undefined)) isWhole = false;
      }
    } else {
      const policy = isSame && source === target ? "rename" : onConflict;
      const { skipped } = await from.fxp(source, to, target, { ...wishes, onConflict: policy });
      isWhole = skipped === undefined;
    }
    if (isMove && isWhole) await from.remove(source, { signal, recursive: type === "directory" });
  }
}

/** A copy of a directory beside itself. */
async function freeCopyName(client: Client, path: string): Promise<string> {
  for (let number = 2; number < 1000; number++) {
    const name = `${path} (${number})`;
    if (!(await client.exists(name))) return name;
  }
  throw new GatewayRefusal(409, "SALLYPORT_FILE_EXISTS", "There are too many copies already");
}

function tooLarge(): GatewayRefusal {
  return new GatewayRefusal(413, "SALLYPORT_TREE_TOO_LARGE", "That is more than one copy may have: copy it in parts");
}

/** Adds up what all files moved, several at a time. */
function counting(transfer: RunningTransfer) {
  const bytesOf = new Map<string, number>();
  let total = 0;
  return {
    onProgress: ({ file, bytes }: { readonly file: string; readonly bytes: number }): void => {
      total += bytes - (bytesOf.get(file) ?? 0);
      bytesOf.set(file, bytes);
      transfer.moved(total);
    },
  };
}

const copyRoute = createRoute({
  method: "post",
  path: "/api/logins/{login}/copies",
  summary: "Copies or moves entries to another directory, of this server or of another login's",
  description:
    "Files go from server to server where both do that as protected as their data connections are, otherwise through the gateway; nothing is kept here. The events of the login tell how far it is.",
  request: { ...inLogin, body: json(schemas.copyRequest) },
  responses: { 202: { description: "It has begun", ...json(schemas.copy) }, ...failures },
});

const cancelRoute = createRoute({
  method: "delete",
  path: "/api/logins/{login}/copies/{copy}",
  summary: "Ends a copy; what is whole by then stays",
  request: { params: z.object({ login: z.string().max(64), copy: z.string().max(64) }) },
  responses: { 204: { description: "Done" }, ...failures },
});
