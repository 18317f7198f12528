import { X509Certificate, createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigError } from "@sallyport/protocol";
import { errorCode } from "../files.ts";

/** Who a server says it is: its certificate with those that lead to a known authority, and its private key. */
export interface Identity {
  /** The server's own certificate first, then its issuers. */
  readonly certificateChainPem: string;
  readonly privateKeyPem: string;
}

/** Where an identity lies; both may be the same file. */
export interface IdentityFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/**
 * Reads an identity from PEM files and checks that it can serve at `nowMs`.
 *
 * @throws {ConfigError} SALLYPORT_CERTIFICATE_UNREADABLE, SALLYPORT_CERTIFICATE_INVALID, SALLYPORT_CERTIFICATE_EXPIRED,
 *   SALLYPORT_CERTIFICATE_NOT_YET_VALID, SALLYPORT_KEY_UNREADABLE, SALLYPORT_KEY_INVALID, SALLYPORT_KEY_ENCRYPTED or
 *   SALLYPORT_KEY_MISMATCH; the message names the file and the way out.
 */
export function loadIdentity(files: IdentityFiles, nowMs: number): Identity {
  const certificateText = readPemFile(files.certificateFile, "certificate");
  const chain = parseCertificates(certificateText, files.certificateFile);
  const keyText = readPemFile(files.keyFile, "key");
  const key = parsePrivateKey(keyText, files.keyFile);
  const [leaf] = chain;
  requireMatch(chain, key, files);
  requireValidity(leaf, files.certificateFile, nowMs);
  return {
    certificateChainPem: chain.map((certificate) => certificate.toString()).join(""),
    privateKeyPem: key.export({ type: "pkcs8", format: "pem" }),
  };
}

/** Reads every certificate of a PEM text; the file name is for the message alone. */
export function parseCertificates(pem: string, file: string): [X509Certificate, ...X509Certificate[]] {
  const blocks = pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END [A-Z0-9 ]+-----/g) ?? [];
  try {
    const [first, ...others] = blocks.map((block) => new X509Certificate(block));
    if (first !== undefined) return [first, ...others];
  } catch (cause) {
    throw certificateInvalid(file, "holds a damaged certificate", cause);
  }
  const holdsKey = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(pem);
  throw certificateInvalid(
    file,
    holdsKey ? "holds a private key and no certificate" : "holds no certificate in PEM form",
  );
}

function certificateInvalid(file: string, what: string, cause?: unknown): ConfigError {
  const advice =
    "give the server's certificate, followed by its issuers, as text that starts with -----BEGIN CERTIFICATE-----";
  return new ConfigError("SALLYPORT_CERTIFICATE_INVALID", `The file ${file} ${what}: ${advice}.`, { cause });
}

/** Reads the private key of a PEM text; the file name is for the message alone. */
export function parsePrivateKey(pem: string, file: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    const advice = `decrypt a copy with "openssl pkey -in ${file} -out plain.key", keep it readable by the server alone, and give that`;
    throw new ConfigError("SALLYPORT_KEY_ENCRYPTED", `The key ${file} is protected by a passphrase: ${advice}.`);
  }
  const block = /-----BEGIN ([A-Z0-9]+ )?PRIVATE KEY-----[^-]+-----END [A-Z0-9 ]+-----/.exec(pem)?.[0];
  try {
    if (block !== undefined) return createPrivateKey(block);
  } catch (cause) {
    throw keyInvalid(file, "holds a damaged private key", cause);
  }
  const holdsCertificate = pem.includes("-----BEGIN CERTIFICATE-----");
  throw keyInvalid(
    file,
    holdsCertificate ? "holds a certificate and no private key" : "holds no private key in PEM form",
  );
}

function keyInvalid(file: string, what: string, cause?: unknown): ConfigError {
  const advice = "give the key that the certificate was made for, as text that starts with -----BEGIN PRIVATE KEY-----";
  return new ConfigError("SALLYPORT_KEY_INVALID", `The file ${file} ${what}: ${advice}.`, { cause });
}

function requireMatch(chain: readonly X509Certificate[], key: KeyObject, files: IdentityFiles): void {
  const match = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (match === 0) return;
  const { certificateFile, keyFile } = files;
  const message =
    match > 0
      ? `The certificate of the key ${keyFile} stands in place ${match + 1} of ${certificateFile}: put it first, and its issuers after it.`
      : `The key ${keyFile} does not belong to the certificate ${certificateFile}: give the two files that were made together.`;
  throw new ConfigError("SALLYPORT_KEY_MISMATCH", message);
}

function requireValidity(leaf: X509Certificate, file: string, nowMs: number): void {
  if (nowMs > leaf.validToDate.getTime()) {
    throw new ConfigError(
      "SALLYPORT_CERTIFICATE_EXPIRED",
      `The certificate ${file} expired on ${day(leaf.validToDate)}: renew it, or leave out --cert and --key to use one of our own.`,
    );
  }
  if (nowMs < leaf.validFromDate.getTime()) {
    throw new ConfigError(
      "SALLYPORT_CERTIFICATE_NOT_YET_VALID",
      `The certificate ${file} is valid from ${day(leaf.validFromDate)} on: check the clock of this machine, or give one that is valid now.`,
    );
  }
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** A PEM file that is larger is none: a chain of ten certificates with 4096-bit keys has 25 kB. */
const pemBytesMax = 1_048_576;

/**
 * Reads a PEM file.
 *
 * @throws {ConfigError} SALLYPORT_CERTIFICATE_UNREADABLE or SALLYPORT_KEY_UNREADABLE.
 */
export function readPemFile(file: string, what: "certificate" | "key"): string {
  const code = `SALLYPORT_${what.toUpperCase()}_UNREADABLE`;
  try {
    const content = readFileSync(file);
    if (content.length <= pemBytesMax) return content.toString("latin1");
  } catch (cause) {
    throw new ConfigError(code, `The ${what} ${file} cannot be read: ${readingAdvice(cause)}.`, { cause });
  }
  throw new ConfigError(code, `The ${what} ${file} has more than 1 MiB: give a PEM file.`);
}

const advices: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file; check the path",
  ENOTDIR: "there is no such file; check the path",
  EACCES: "this user may not read it; change its owner or mode, or start as a user who may",
  EPERM: "this user may not read it; change its owner or mode, or start as a user who may",
  EISDIR: "it is a directory; give a file",
};

function readingAdvice(cause: unknown): string {
  const code = errorCode(cause);
  return advices[code] ?? `the system says ${code}`;
}
