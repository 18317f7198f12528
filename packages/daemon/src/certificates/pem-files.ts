import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigError } from "@sallyport/protocol";
import { errorCode } from "../files.ts";

/**
 * Reads a PEM file as text.
 *
 * @throws {ConfigError} SALLYPORT_INPUT_UNREADABLE.
 */
export function readPemFile(file: string, what: "certificate" | "key"): string {
  return readTextFile(file, what, "latin1");
}

/**
 * Reads a file of at most 1 MiB.
 *
 * @throws {ConfigError} SALLYPORT_INPUT_UNREADABLE
 */
export function readTextFile(file: string, what: string, encoding: "latin1" | "utf8" = "utf8"): string {
  try {
    const content = readFileSync(file);
    if (content.length <= pemBytesMax) return content.toString(encoding);
  } catch (cause) {
    const code = errorCode(cause);
    const message = `The ${what} ${file} cannot be read: ${advices[code] ?? `the system says ${code}`}.`;
    throw new ConfigError("SALLYPORT_INPUT_UNREADABLE", message, { cause });
  }
  throw new ConfigError("SALLYPORT_INPUT_UNREADABLE", `The ${what} ${file} has more than 1 MiB.`);
}

/**
 * Reads the first certificate of a file.
 *
 * @throws {ConfigError} SALLYPORT_INPUT_UNREADABLE, SALLYPORT_CERTIFICATE_INVALID.
 */
export function readCertificate(file: string): X509Certificate {
  const pem = readPemFile(file, "certificate");
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    const message = `The file ${file} holds no certificate: give one in PEM form, which starts with -----BEGIN CERTIFICATE-----.`;
    throw new ConfigError("SALLYPORT_CERTIFICATE_INVALID", message, { cause });
  }
}

/**
 * Reads a private key of ours, which has no passphrase.
 *
 * @throws {ConfigError} SALLYPORT_INPUT_UNREADABLE, SALLYPORT_KEY_INVALID.
 */
export function readPrivateKey(file: string): KeyObject {
  const pem = readPemFile(file, "key");
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const message = `The file ${file} holds no private key without a passphrase: restore it from a backup, or move it away.`;
    throw new ConfigError("SALLYPORT_KEY_INVALID", message, { cause });
  }
}

/** A PEM file that is larger is none: a chain of ten certificates with 4096-bit keys has 25 kB. */
export const pemBytesMax = 1_048_576;

const advices: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file; check the path",
  ENOTDIR: "there is no such file; check the path",
  EACCES: "this user may not read it; change its owner or mode, or start as a user who may",
  EPERM: "this user may not read it; change its owner or mode, or start as a user who may",
  EISDIR: "it is a directory; give a file",
};
