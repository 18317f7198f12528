import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { escapeControls, limitValues, TransportError } from "@sallyport/protocol";
import { errorCode } from "../files.ts";
import { runningServer, type StateDirectory } from "../state-directory.ts";
import { linesFrom } from "./admin-lines.ts";
import { type AdminAnswers, type AdminRequest, adminVersion, parseObject } from "./admin-protocol.ts";
import { reachablePath } from "./reachable-path.ts";

/**
 * Asks the server that runs on a state directory one question.
 *
 * @throws {TransportError} SALLYPORT_SERVER_NOT_RUNNING, SALLYPORT_ADMIN_FORBIDDEN where this user may not ask,
 *   SALLYPORT_SERVER_SILENT where no answer comes, SALLYPORT_ADMIN_REFUSED with the server's own sentence.
 */
export async function askServer<Request extends AdminRequest>(
  state: StateDirectory,
  request: Request,
): Promise<AdminAnswers[Request["ask"]]> {
  const { adminAnswerBytes, adminWaitMs } = limitValues();
  const socket = await reach(state, adminWaitMs);
  const timer = setTimeout(() => socket.destroy(), adminWaitMs);
  try {
    socket.write(`${JSON.stringify({ version: adminVersion, ...request })}\n`);
    for await (const line of linesFrom(socket, adminAnswerBytes)) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the version says that the shape is the agreed one
      return answerIn(line) as AdminAnswers[Request["ask"]];
    }
  } catch (cause) {
    if (cause instanceof TransportError) throw cause;
    throw silent(state, cause);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
  throw silent(state);
}

/** Connects; a server that runs and does not listen here yet is starting, and waited for. */
async function reach(state: StateDirectory, waitMs: number): Promise<Socket> {
  using reachable = reachablePath(state.socket);
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    try {
      return await connected(reachable.path);
    } catch (cause) {
      const isStarting = notThere.has(errorCode(cause)) && runningServer(state) !== undefined;
      if (!isStarting || performance.now() > deadlineMs) throw unreachable(state, cause);
    }
    await pause(retryMs);
  }
}

const notThere: ReadonlySet<string> = new Set(["ENOENT", "ECONNREFUSED"]);
const retryMs = 100;

function unreachable(state: StateDirectory, cause: unknown): TransportError {
  const code = errorCode(cause);
  if (code === "EACCES" || code === "EPERM") {
    const message = `This user may not ask the server on ${state.path}: ask as the user that it runs as, or as root.`;
    return new TransportError("SALLYPORT_ADMIN_FORBIDDEN", message, { cause });
  }
  const process = runningServer(state);
  const message =
    process === undefined
      ? `No server runs on the state directory ${state.path}: start one with "sallyport serve DIR", or name another's with --state.`
      : `The server on ${state.path} (process ${process}) cannot be asked (${code}): its log says why.`;
  return new TransportError("SALLYPORT_SERVER_NOT_RUNNING", message, { cause });
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      socket.off("error", reject);
      socket.on("error", () => undefined);
      resolve(socket);
    });
    socket.once("error", reject);
  });
}

/**
 * Root asks, and the server's user answers, who may have been taken over: nothing of it can steer a terminal. Paths are
 * octets, which are made safe where they become text.
 */
function harmless(key: string, value: unknown): unknown {
  return typeof value === "string" && key !== "path" ? escapeControls(value) : value;
}

function answerIn(line: string): unknown {
  const reply = parseObject(line, harmless);
  if (reply?.["ok"] === true) return reply["answer"];
  const problem = typeof reply?.["problem"] === "string" ? reply["problem"] : "What it says is not understood.";
  throw new TransportError("SALLYPORT_ADMIN_REFUSED", `The server did not do it: ${problem}`);
}

function silent(state: StateDirectory, cause?: unknown): TransportError {
  const message = `The server on ${state.path} does not answer: it is stopping, or too busy.`;
  return new TransportError("SALLYPORT_SERVER_SILENT", message, { cause });
}
