import { lstatSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { ConfigError, hostKey, type LimitValues, limitValues } from "@sallyport/protocol";
import { type ConnectionStatus, selects } from "@sallyport/server";
import { LineTooLong, linesFrom } from "./admin-lines.ts";
import {
  type AdminAnswers,
  type AdminReply,
  type AdminRequest,
  adminVersion,
  type Ban,
  parseRequest,
} from "./admin-protocol.ts";
import { type ReachablePath, reachablePath } from "./reachable-path.ts";
import type { ServedConnections } from "./served-connections.ts";

/** What the peer of a connection that an administrator closes is told. */
const farewell = "Closed by the administrator.";

/**
 * Answers administrators of a running service on a Unix socket that its user alone may connect to (and root): one JSON
 * line asks, one answers. Lines, waits and the number of connections are bounded.
 */
export class AdminServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #reachable: ReachablePath;
  readonly #path: string;
  readonly #connections = new Set<Socket>();

  private constructor(server: Server, reachable: ReachablePath, path: string) {
    this.#server = server;
    this.#reachable = reachable;
    this.#path = path;
    server.on("connection", (socket) => {
      this.#connections.add(socket);
      socket.once("close", () => this.#connections.delete(socket));
    });
  }

  /**
   * Listens on a path; what a server left there that ended hard is replaced, so the caller must hold the lock of the
   * state directory.
   *
   * @throws {ConfigError} SALLYPORT_ADMIN_UNREACHABLE, or as {@link reachablePath}.
   */
  static async listen(
    path: string,
    served: ServedConnections,
    limits: LimitValues = limitValues(),
  ): Promise<AdminServer> {
    const server = createServer((socket) => void attend(socket, served, limits));
    server.maxConnections = limits.adminConnectionsCount;
    const reachable = reachablePath(path);
    try {
      removeStale(path);
      await listenPrivately(server, reachable.path);
      return new AdminServer(server, reachable, path);
    } catch (cause) {
      reachable[Symbol.dispose]();
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `The running server cannot be asked with "sallyport who" at ${path} (${reason})`;
      throw new ConfigError("SALLYPORT_ADMIN_UNREACHABLE", message, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#reachable[Symbol.dispose]();
    rmSync(this.#path, { force: true });
  }
}

function removeStale(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path, { force: true });
}

/** The mode is 0600 from the first moment on: Node binds and listens before `listen` returns. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  const listening = new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", reject);
  });
  const maskBefore = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(maskBefore);
  }
  await listening;
}

/** Answers one administrator, a question at a time; who is too slow to ask or to read is cut off. */
async function attend(socket: Socket, served: ServedConnections, limits: LimitValues): Promise<void> {
  socket.on("error", () => undefined);
  const deadline = setTimeout(() => socket.destroy(), limits.adminWaitMs);
  socket.once("close", () => clearTimeout(deadline));
  try {
    for await (const line of linesFrom(socket, limits.adminLineBytes)) {
      await write(socket, await replyTo(line, served));
      deadline.refresh();
    }
    socket.destroySoon();
  } catch (error) {
    if (!(error instanceof LineTooLong)) return void socket.destroy();
    await write(socket, problem(error.message)).catch(() => undefined);
    socket.destroySoon();
  }
}

function write(socket: Socket, reply: AdminReply<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(`${JSON.stringify(reply)}\n`, (error) => (error ? reject(error) : resolve()));
  });
}

async function replyTo(line: string, served: ServedConnections): Promise<AdminReply<unknown>> {
  const request = parseRequest(line);
  if ("problem" in request) return problem(request.problem);
  try {
    return { version: adminVersion, ok: true, answer: await answer(request, served) };
  } catch (error) {
    return problem(`The server failed (${error instanceof Error ? error.message : String(error)}).`);
  }
}

function problem(text: string): AdminReply<never> {
  return { version: adminVersion, ok: false, problem: text };
}

async function answer(request: AdminRequest, served: ServedConnections): Promise<AdminAnswers[keyof AdminAnswers]> {
  switch (request.ask) {
    case "list":
      return { connections: await served.list() };
    case "forgive":
      return { wasBanned: await served.forgive(request.address) };
    case "disconnect":
      return disconnect(request, served);
  }
}

async function disconnect(
  { selector, ban }: Extract<AdminRequest, { ask: "disconnect" }>,
  served: ServedConnections,
): Promise<AdminAnswers["disconnect"]> {
  const meant = (await served.list()).filter((status) => selects(selector, status));
  // Banned first, so that nobody is back before it.
  const bans = ban ? await banAll(addressesOf(meant, "address" in selector ? [selector.address] : []), served) : [];
  // Those that were shown, and no others that came meanwhile.
  await served.disconnect({ connections: meant.map(({ connection }) => connection) }, farewell);
  return { closed: meant, bans };
}

/** One address of each host, since a ban of two would be a longer one. */
function addressesOf(connections: readonly ConnectionStatus[], more: readonly string[]): readonly string[] {
  const addresses = [...more, ...connections.map(({ remoteAddress }) => remoteAddress)];
  return [...new Map(addresses.map((address) => [hostKey(address), address])).values()];
}

async function banAll(addresses: readonly string[], served: ServedConnections): Promise<readonly Ban[]> {
  return Promise.all(
    addresses.map(async (address) => ({ host: hostKey(address), untilMs: await served.ban(address) })),
  );
}
