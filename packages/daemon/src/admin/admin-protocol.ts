import { isIP } from "node:net";
import type { ConnectionSelector, ConnectionStatus } from "@sallyport/server";

/** Counted up when requests or answers change so that old and new do not understand each other. */
export const adminVersion = 1;

/** What can be asked of a running server: one JSON object on one line, with `version`. */
export type AdminRequest =
  | { readonly ask: "list" }
  /** Closes connections; `ban` bans their addresses as well, and the named one also where nobody is connected. */
  | { readonly ask: "disconnect"; readonly selector: ConnectionSelector; readonly ban: boolean }
  | { readonly ask: "forgive"; readonly address: string };

/** An address that is banned, or its /64, and until when in milliseconds since 1970. */
export interface Ban {
  readonly host: string;
  readonly untilMs: number;
}

/** What each question is answered with, on one line as well. */
export interface AdminAnswers {
  readonly list: { readonly connections: readonly ConnectionStatus[] };
  readonly disconnect: { readonly closed: readonly ConnectionStatus[]; readonly bans: readonly Ban[] };
  readonly forgive: { readonly wasBanned: boolean };
}

/** Every answer says its version and whether it is one; `problem` is a sentence for people. */
export type AdminReply<Answer> = { readonly version: number } & (
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly problem: string }
);

/** Reads a request, or says in a sentence why it is none. */
export function parseRequest(line: string): AdminRequest | { readonly problem: string } {
  const given = parseObject(line);
  if (given === undefined) return { problem: "A request is a JSON object on one line." };
  if (given["version"] !== adminVersion) {
    return { problem: `This server speaks version ${adminVersion} of the administration protocol alone.` };
  }
  const read = readers.get(String(given["ask"]));
  if (read === undefined) return { problem: `A request asks one of ${[...readers.keys()].join(", ")}.` };
  return read(given);
}

type Fields = Readonly<Record<string, unknown>>;

const readers: ReadonlyMap<string, (given: Fields) => AdminRequest | { readonly problem: string }> = new Map([
  ["list", () => ({ ask: "list" })],
  ["disconnect", readDisconnect],
  ["forgive", readForgive],
]);

function readDisconnect({ selector, ban }: Fields): AdminRequest | { readonly problem: string } {
  const read = readSelector(selector);
  if (read === undefined) return { problem: "A selector names an account, an address or connections." };
  return { ask: "disconnect", selector: read, ban: ban === true };
}

function readForgive({ address }: Fields): AdminRequest | { readonly problem: string } {
  if (!isAddress(address)) return { problem: "An address is needed." };
  return { ask: "forgive", address };
}

function readSelector(value: unknown): ConnectionSelector | undefined {
  if (!isObject(value)) return undefined;
  const { account, address, connections } = value;
  if (typeof account === "string") return { account };
  if (isAddress(address)) return { address };
  if (Array.isArray(connections) && connections.every(isConnectionNumber)) return { connections };
  return undefined;
}

function isAddress(value: unknown): value is string {
  return typeof value === "string" && isIP(value) !== 0;
}

function isConnectionNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

/** A JSON object, or undefined for anything else; `changed` is what becomes of each value. */
export function parseObject(text: string, changed?: (key: string, value: unknown) => unknown): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text, changed);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
