import { ConfigError } from "@sallyport/protocol";
import type { CertificateFacts } from "./peer-certificate.ts";

/** A pin in the one form in which pins are compared. */
export interface Pin {
  readonly kind: "key" | "certificate";
  readonly value: string;
}

/**
 * Reads a pin: `sha256/BASE64` or curl's `sha256//BASE64` of a public key, or a certificate's SHA-256 in hex.
 *
 * @throws {ConfigError} SALLYPORT_PIN_UNREADABLE
 */
export function parsePin(text: string): Pin {
  const key = /^sha256\/\/?(?<digest>[A-Za-z0-9+/]{43}=?)$/.exec(text.trim())?.groups?.["digest"];
  if (key !== undefined) return { kind: "key", value: `sha256/${key.replace("=", "")}=` };
  const hex = text
    .trim()
    .replace(/^sha256:/i, "")
    .replaceAll(":", "")
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return { kind: "certificate", value: hex };
  throw new ConfigError(
    "SALLYPORT_PIN_UNREADABLE",
    `"${text.slice(0, 100)}" is no pin; give sha256/BASE64 of the server's public key or the SHA-256 of its ` +
      "certificate in 64 hex digits",
  );
}

export function matchesPin(pin: Pin, certificate: CertificateFacts): boolean {
  return pin.value === (pin.kind === "key" ? certificate.pin : certificate.fingerprint);
}
