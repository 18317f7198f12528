import { ConfigError } from "@sallyport/protocol";
import { constants } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import type { TlsVersion } from "../tls-profile.ts";
import { defaultAuthorities, pemCertificates } from "./authorities.ts";
import type { ClientTrust } from "./client-trust.ts";

/** What a client offers and shows in a handshake. */
export interface ClientOffer {
  /** PEM, leaf first, for servers that ask for a certificate. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** PKCS#12 instead of `cert` and `key`. */
  readonly pfx?: string | Uint8Array;
  /** Of `key` or `pfx`. */
  readonly passphrase?: string;
  /** Default TLSv1.2. */
  readonly minVersion?: TlsVersion;
  /** Default TLSv1.3. */
  readonly maxVersion?: TlsVersion;
  /** An OpenSSL list of cipher suites. Default: Node's, less what has no forward secrecy. */
  readonly ciphers?: string;
  /**
   * `default` offers X25519MLKEM768 first, in a ClientHello of more than one packet; `small` only older groups, for
   * servers and middle boxes that choke on such a hello ({@link HandshakeError.mayBeLargeHello}).
   */
  readonly groups?: "default" | "small";
}

/** What a control connection and its data connections are set up with. */
export interface ClientContext {
  readonly context: SecureContext;
  /** PEM of those who are trusted to vouch for servers. */
  readonly authorities: readonly string[];
}

/**
 * Makes the secure context that a control connection shares with its data connections. Contexts with the authorities of
 * system and Node take 20 ms and are shared where nothing in them is the caller's own.
 *
 * @throws {ConfigError} SALLYPORT_TLS_CONFIG
 */
export async function clientContext(offer: ClientOffer, trust: ClientTrust): Promise<ClientContext> {
  const { groups = "default" } = offer;
  const authorities = trust.ca === undefined ? await defaultAuthorities() : readAuthorities(trust.ca);
  const options = contextOptions(offer, groups === "small" ? smallGroups : undefined);
  const identity = ownIdentity(offer);
  if (identity || trust.ca !== undefined) {
    return { context: create({ ...options, ...identity, ca: authorities }), authorities };
  }
  return { context: sharedContext(options, authorities), authorities };
}

/**
 * Makes the context of data connections, whose certificate is compared with that of the control connection and verified
 * no more, so it knows no authorities, which spares a full handshake a good part.
 *
 * Where the server asked for another group than those of our key shares (vsftpd and Pure-FTPd take P-256 alone), data
 * connections begin with that one, which spares each a HelloRetryRequest: a round trip, and two keys made in vain.
 * Otherwise the hello is as large as that of the control connection: with one key share alone pyftpdlib 1.5.7 leaves
 * resumed downloads lie (measured).
 *
 * @param agreedGroup that of the control connection, as OpenSSL names it.
 */
export function dataContext(offer: ClientOffer, agreedGroup: string | undefined): SecureContext {
  const options = contextOptions(offer, groupsLedBy(agreedGroup, offer.groups));
  const identity = ownIdentity(offer);
  return identity ? create({ ...options, ...identity, ca: [] }) : sharedContext(options, []);
}

function contextOptions(
  { minVersion = "TLSv1.2", maxVersion = "TLSv1.3", ciphers }: ClientOffer,
  ecdhCurve: string | undefined,
): SecureContextOptions {
  if (minVersion > maxVersion) throw configError(`the lowest version, ${minVersion}, is above the highest`);
  return {
    minVersion,
    maxVersion,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
    ciphers: ciphers ?? defaultCiphers,
    ...(ecdhCurve !== undefined && { ecdhCurve }),
  };
}

function sharedContext(options: SecureContextOptions, ca: readonly string[]): SecureContext {
  const key = JSON.stringify([options, ca.length > 0]);
  const context = shared.get(key) ?? create({ ...options, ca: [...ca] });
  if (shared.size >= sharedContextsCount) shared.clear();
  shared.set(key, context);
  return context;
}

const shared = new Map<string, SecureContext>();
const sharedContextsCount = 8;

/** Ours are the AEAD suites with forward secrecy (RFC 9325 §4.2); older servers may have CBC alone. */
const defaultCiphers = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE+AESGCM",
  "ECDHE+CHACHA20",
  "DHE+AESGCM",
  "DHE+CHACHA20",
  "!aNULL",
  "!eNULL",
].join(":");

const smallGroups = "X25519:P-256:P-384";
/** OpenSSL's own list, but for the finite fields. */
const largeGroups = `X25519MLKEM768:${smallGroups}:X448:P-521`;

function groupsLedBy(agreed: string | undefined, offered: ClientOffer["groups"]): string | undefined {
  const usual = offered === "small" ? smallGroups : undefined;
  const leader = retriedGroups.get(agreed ?? "");
  return leader === undefined ? usual : `${leader}:${usual ?? largeGroups}`;
}

/** Groups for which no key share is sent at first, by OpenSSL's names. */
const retriedGroups: ReadonlyMap<string, string> = new Map([
  ["prime256v1", "P-256"],
  ["secp384r1", "P-384"],
  ["secp521r1", "P-521"],
  ["X448", "X448"],
]);

function ownIdentity({ cert, key, pfx, passphrase }: ClientOffer): SecureContextOptions | undefined {
  if (cert === undefined && key === undefined && pfx === undefined) return undefined;
  return {
    ...(cert !== undefined && { cert: asBuffer(cert) }),
    ...(key !== undefined && { key: asBuffer(key) }),
    ...(pfx !== undefined && { pfx: asBuffer(pfx) }),
    ...(passphrase !== undefined && { passphrase }),
  };
}

/** Each certificate by itself. What holds none is a mistake, of which OpenSSL would say nothing. */
function readAuthorities(ca: NonNullable<ClientTrust["ca"]>): string[] {
  return (isList(ca) ? ca : [ca]).flatMap((text) => {
    const found = pemCertificates(asBuffer(text).toString("latin1"));
    if (found.length === 0) throw configError("the authorities hold no PEM certificate");
    return found;
  });
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function asBuffer(value: string | Uint8Array): Buffer {
  return typeof value === "string"
    ? Buffer.from(value, "latin1")
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function create(options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^error:.*:/s, "") : "unknown";
    throw configError(why, cause);
  }
}

function configError(why: string, cause?: unknown): ConfigError {
  const message = `TLS cannot be set up with the given certificates, authorities, versions or suites: ${why}`;
  return new ConfigError("SALLYPORT_TLS_CONFIG", message, { cause });
}
