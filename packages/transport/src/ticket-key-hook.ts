import { randomBytes } from "node:crypto";
import { duplexPair } from "node:stream";
import { connect, type SecureContext, TLSSocket } from "node:tls";
import { randomOctets } from "./random-octets.ts";

/** Octets of ticket keys: 16 of name, 16 of the HMAC key, 16 of the AES key, as in Node's `ticketKeys` option. */
export const ticketKeyBytes = 48;
export const ticketNameBytes = 16;

/** Whose tickets a context mints and accepts; asked once for each ticket, in the middle of a handshake. */
export interface TicketRules {
  /** The keys to mint the next ticket with; undefined sends none. */
  mint(): Uint8Array | undefined;
  /** The keys that opened tickets of this name; undefined refuses, and the handshake goes on as a full one. */
  accept(name: Uint8Array): Uint8Array | undefined;
  /** Whether a client that resumed is sent a new ticket. */
  readonly renews: boolean;
}

/**
 * Puts a context's tickets under our rules: which keys, whether any, whether renewed.
 *
 * Node has no public way to send no tickets in TLS 1.3 (SSL_OP_NO_TICKET only changes their form) nor to renew one on
 * resumption. The hook installs the ticket-key callback that Node keeps on its native context.
 *
 * @returns false, and leaves the context as it was, where this Node has no such inside.
 */
export function ruleTickets(context: SecureContext, rules: TicketRules): boolean {
  const inside = context.context as Partial<Inside>;
  if (typeof inside.enableTicketKeyCallback !== "function") return false;
  inside.onticketkeycallback = (name, _iv, minting) => {
    if (minting) {
      const keys = rules.mint();
      return keys
        ? [verdicts.use, hmacKey(keys), aesKey(keys), keyName(keys), randomOctets(16)]
        : [verdicts.none, zeros, zeros, zeros, zeros];
    }
    const keys = rules.accept(name);
    if (!keys) return [verdicts.none, zeros, zeros];
    return [rules.renews ? verdicts.useAndRenew : verdicts.use, hmacKey(keys), aesKey(keys)];
  };
  inside.enableTicketKeyCallback();
  return true;
}

/** The name that tickets minted with these keys begin with. */
export function keyName(keys: Uint8Array): Uint8Array {
  return keys.subarray(0, ticketNameBytes);
}

/**
 * Frees a context's native memory now instead of at some garbage collection; connections that use it keep it alive.
 * Where this Node cannot, the collection will do it.
 */
export function releaseContext(context: SecureContext): void {
  const inside = context.context as Partial<Inside>;
  inside.close?.();
}

/**
 * Proves on connections in memory that {@link ruleTickets} does what it says in this Node, for TLS 1.3 and 1.2: a
 * context that mints gives tickets, one that does not gives none and yet resumes them, and foreign keys do not resume.
 *
 * @param createContext makes a fresh server context with a certificate.
 */
export async function ticketHookWorks(createContext: () => SecureContext): Promise<boolean> {
  const own = randomBytes(ticketKeyBytes);
  const context = (mint: boolean, keys: Uint8Array, renews = false): SecureContext | undefined => {
    const made = createContext();
    const rules = { mint: () => (mint ? keys : undefined), accept: () => keys, renews };
    return ruleTickets(made, rules) ? made : undefined;
  };
  const minting = context(true, own);
  const silent = context(false, own);
  const renewing = context(true, own, true);
  const foreign = context(false, randomBytes(ticketKeyBytes));
  if (!minting || !silent || !renewing || !foreign) return false;
  try {
    for (const version of ["TLSv1.3", "TLSv1.2"] as const) {
      const first = await shakeHands(minting, version);
      const bound = await shakeHands(silent, version, first.state);
      const renewed = await shakeHands(renewing, version, first.state);
      const stranger = await shakeHands(foreign, version, first.state);
      const minted = !first.resumed && first.state !== undefined;
      const silentlyResumed = bound.resumed && bound.state === undefined;
      // In TLS 1.2 a client replaces its ticket without an event.
      const wasRenewed = renewed.resumed && (version === "TLSv1.2" || renewed.state !== undefined);
      if (!minted || !silentlyResumed || !wasRenewed || stranger.resumed) return false;
    }
    return true;
  } catch {
    return false;
  } finally {
    for (const made of [minting, silent, renewing, foreign]) releaseContext(made);
  }
}

/** What Node keeps inside: the answers are [verdict, HMAC key, AES key] and, when minting, [..., name, IV]. */
interface Inside {
  enableTicketKeyCallback(): void;
  onticketkeycallback: (name: Uint8Array, iv: Uint8Array, minting: boolean) => [number, ...Uint8Array[]];
  close(): void;
}

/** The verdicts of OpenSSL's SSL_CTX_set_tlsext_ticket_key_evp_cb(3). */
const verdicts = { none: 0, use: 1, useAndRenew: 2 } as const;
const zeros = new Uint8Array(16);

function hmacKey(keys: Uint8Array): Uint8Array {
  return keys.subarray(16, 32);
}

function aesKey(keys: Uint8Array): Uint8Array {
  return keys.subarray(32, 48);
}

/** Makes one handshake in memory; `state` is what the client could resume afterwards, undefined without a ticket. */
async function shakeHands(
  secureContext: SecureContext,
  version: "TLSv1.2" | "TLSv1.3",
  session?: Buffer,
): Promise<{ resumed: boolean; state: Buffer | undefined }> {
  const [serverEnd, clientEnd] = duplexPair();
  const server = new TLSSocket(serverEnd, { isServer: true, secureContext });
  const client = connect({
    socket: clientEnd,
    host: "self-test",
    rejectUnauthorized: false,
    minVersion: version,
    maxVersion: version,
    ...(session && { session }),
  });
  let state: Buffer | undefined;
  client.on("session", (ticket) => (state = ticket));
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  server.on("error", reject).on("secure", () => server.write("."));
  client.on("error", reject).once("data", () => resolve(client.isSessionReused()));
  try {
    return { resumed: await promise, state };
  } finally {
    client.destroy();
    server.destroy();
  }
}
