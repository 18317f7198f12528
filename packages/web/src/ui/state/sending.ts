import type { ProblemJson } from "../../api/api.ts";
import { ownHeaders, Problem, type Server } from "../gateway-client.ts";

export interface Sending {
  readonly url: string;
  readonly offset: number;
  readonly file: File;
  /** Of one request; a proxy in front may take no more. */
  readonly bytesMost: number;
  readonly onRequest: (request: XMLHttpRequest) => void;
  readonly onProgress: (bytes: number) => void;
}

/** Sends what lies behind an offset, or a piece of it; resolves with how much the server has then. */
export function sendPiece({ url, offset, file, bytesMost, onRequest, onProgress }: Sending): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    onRequest(request);
    request.open("PATCH", url);
    for (const [name, value] of Object.entries(ownHeaders)) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("Upload-Offset", String(offset));
    request.upload.addEventListener("progress", ({ loaded }) => onProgress(offset + loaded));
    request.addEventListener("load", () => {
      const reached = reachedOffset(request.responseText);
      const wanted = Math.min(file.size, offset + bytesMost);
      // A body that ended early is a connection that broke.
      if (request.status === 200 && reached === wanted) return resolve(reached);
      if (request.status === 200) return reject(new Error("the connection broke"));
      reject(new Problem(request.status, parsedProblem(request)));
    });
    for (const kind of ["error", "abort", "timeout"]) {
      request.addEventListener(kind, () => reject(new Error("the connection broke")));
    }
    request.send(file.slice(offset, offset + bytesMost));
  });
}

/** Whether a refusal is a proxy's, to which a request was too long. */
export function isTooLongForProxy(error: unknown): boolean {
  return error instanceof Problem && error.status === 413 && error.problem.code === noReason;
}

/** Whether the gateway lost its server, which it finds again for the next request. */
export function isBroken(error: unknown): boolean {
  if (!(error instanceof Problem) || (error.status !== 502 && error.status !== 504)) return false;
  const { code, reply } = error.problem;
  if (reply !== undefined) return goneReplies.has(reply.code);
  return /^SALLYPORT_(?:CONNECTION_LOST|CONNECT_(?:FAILED|REFUSED|TIMEOUT)|REPLY_TIMEOUT|DATA_|LISTING_CUT)/.test(code);
}

/** The server closes, has no data connection, or lost it (RFC 959, section 4.2.1). */
const goneReplies: ReadonlySet<number> = new Set([421, 425, 426]);

/** A browser that could not look at a file in time says that it is empty; what it then reads is the truth. */
export async function readable(file: File): Promise<File> {
  if (file.size > 0) return file;
  const octets = await file.arrayBuffer();
  return octets.byteLength === 0 ? file : new File([octets], file.name, { lastModified: file.lastModified });
}

/** Whether what the server has ends as the same stretch of the file does. */
export async function isBeginning(server: Server, path: string, size: number, file: File): Promise<boolean> {
  const start = Math.max(0, size - comparedBytes);
  if (size === 0) return true;
  const { url } = await server.download(path, true);
  const answer = await fetch(url, { headers: { ...ownHeaders, Range: `bytes=${start}-${size - 1}` } });
  if (answer.status !== 206) return false;
  const [theirs, ours] = await Promise.all([answer.arrayBuffer(), file.slice(start, size).arrayBuffer()]);
  const [one, other] = [new Uint8Array(theirs), new Uint8Array(ours)];
  return one.length === other.length && one.every((octet, at) => octet === other[at]);
}

const comparedBytes = 65_536;
const noReason = "SALLYPORT_GATEWAY_FAILED";

function reachedOffset(response: string): number | undefined {
  try {
    return (JSON.parse(response) as { readonly offset?: number }).offset;
  } catch {
    return undefined;
  }
}

function parsedProblem({ responseText, status }: XMLHttpRequest): ProblemJson {
  try {
    return JSON.parse(responseText) as ProblemJson;
  } catch {
    return { code: noReason, message: `The gateway answered ${status} and gave no reason.` };
  }
}
