import { ConfigError } from "@sallyport/protocol";
import type { TlsIdentityOptions } from "@sallyport/transport";
import { readPemFile } from "./pem-files.ts";

/** Where an identity lies; both may be the same file. */
export interface IdentityFiles {
  /** PEM: the server's certificate first, then its issuers. */
  readonly certificateFile: string;
  /** PEM, without a passphrase. */
  readonly keyFile: string;
}

/** Reads a file, such as {@link readPemFile}. */
export type PemSource = (file: string, what: "certificate" | "key") => string;

/**
 * Reads the two files of an identity; what is in them is checked where a TLS profile is made of it.
 *
 * @throws {ConfigError} SALLYPORT_INPUT_UNREADABLE, SALLYPORT_KEY_UNREADABLE for a key with a passphrase.
 */
export function readIdentity(
  { certificateFile, keyFile }: IdentityFiles,
  read: PemSource = readPemFile,
): TlsIdentityOptions {
  return {
    certificate: read(certificateFile, "certificate"),
    key: readOpenKey(keyFile, read),
    // A sentence may begin with the label, and its first letter is made a capital; that of a file's name must not be.
    label: keyFile === certificateFile ? `the file ${certificateFile}` : `the file ${certificateFile} (key ${keyFile})`,
  };
}

/** A server that starts by itself has nobody to ask for a passphrase. */
function readOpenKey(file: string, read: PemSource): string {
  const pem = read(file, "key");
  if (!/^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) return pem;
  const message = `The key ${file} is encrypted, and a server cannot ask for its passphrase: decrypt it with "openssl pkey -in ${file} -out NEW", keep NEW private, and give that.`;
  throw new ConfigError("SALLYPORT_KEY_UNREADABLE", message);
}
