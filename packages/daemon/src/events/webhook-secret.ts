import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { ConfigError } from "@sallyport/protocol";
import { errorCode } from "../files.ts";

/** Fewer octets can be guessed. */
const secretBytesMin = 16;

/**
 * Reads the secret of webhooks: the octets of a file without the line end, or with `whsec_` in front their base64
 * (Standard Webhooks 1.0).
 *
 * @throws {ConfigError} SALLYPORT_NOTIFY_SECRET.
 */
export function readWebhookSecret(path: string): Uint8Array {
  const content = readPrivate(path);
  const text = content.toString("latin1").replace(/[\r\n]+$/, "");
  const prefix = "whsec_";
  const secret = text.startsWith(prefix)
    ? Buffer.from(text.slice(prefix.length), "base64")
    : Buffer.from(text, "latin1");
  if (secret.length >= secretBytesMin) return secret;
  throw complaint(
    path,
    `is shorter than ${secretBytesMin} octets: make one with "(umask 077; openssl rand -hex 32 > ${path})"`,
  );
}

function readPrivate(path: string): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (cause) {
    throw complaint(path, `cannot be read (${errorCode(cause)}): check the path and who may read it`, cause);
  }
  try {
    if ((fstatSync(descriptor).mode & 0o077) !== 0) {
      throw complaint(path, `can be read by other users of this machine: close it with "chmod go-rwx ${path}"`);
    }
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function complaint(path: string, what: string, cause?: unknown): ConfigError {
  return new ConfigError("SALLYPORT_NOTIFY_SECRET", `The webhook secret ${path} ${what}.`, { cause });
}
