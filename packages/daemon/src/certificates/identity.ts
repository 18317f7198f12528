import type { TlsIdentityOptions } from "@sallyport/transport";
import { readPemFile } from "./pem-files.ts";

/** Where an identity lies; both may be the same file. */
export interface IdentityFiles {
  /** PEM: the server's certificate first, then its issuers. */
  readonly certificateFile: string;
  /** PEM, without a passphrase. */
  readonly keyFile: string;
}

/**
 * Reads the two files of an identity; what is in them is checked where a TLS profile is made of it.
 *
 * @throws {ConfigError} SALLYPORT_INPUT_UNREADABLE.
 */
export function readIdentity({ certificateFile, keyFile }: IdentityFiles): TlsIdentityOptions {
  return {
    certificate: readPemFile(certificateFile, "certificate"),
    key: readPemFile(keyFile, "key"),
    // A sentence may begin with the label, and its first letter is made a capital; that of a file's name must not be.
    label: keyFile === certificateFile ? `the file ${certificateFile}` : `the file ${certificateFile} (key ${keyFile})`,
  };
}
