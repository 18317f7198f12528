import { octetsFromText, resolvePath, isVirtualPath, rootPath, type VirtualPath } from "@sallyport/protocol";
import type { AccountValues, DataResumption, TlsRequirement, UncleanDataClose } from "@sallyport/server/accounts";
import { parseCount, parseText } from "./flags.ts";

/** What `user add` and `user set` can say about an account. */
export interface AccountFlags {
  readonly home?: VirtualPath;
  readonly readOnly?: boolean;
  readonly quota?: number;
  readonly maxConnections?: number;
  readonly requireTls?: TlsRequirement;
  readonly dataResumption?: DataResumption;
  readonly uncleanDataClose?: UncleanDataClose;
  readonly clientCertificate?: "off" | "login" | "required";
  readonly certificateFingerprint?: string;
  readonly gssapi?: "off" | "login" | "required";
  readonly disabled?: boolean;
}

const tlsRequirements = ["login,data", "login", "data", "none"] as const;
const dataResumptions = ["off", "offer", "adaptive", "require"] as const;
const uncleanDataCloses = ["refuse", "accept"] as const;

export const accountFlags = {
  home: {
    kind: "parsed",
    parse: parseVirtualPath,
    brief: "Directory below the served one that the account sees as / (default: /)",
    placeholder: "PATH",
    optional: true,
  },
  readOnly: { kind: "boolean", brief: "Allow listing and downloading alone", optional: true, withNegated: true },
  quota: {
    kind: "parsed",
    parse: parseSize,
    brief: "How much may lie below the home, as in 500M or 20G",
    placeholder: "SIZE",
    optional: true,
  },
  maxConnections: { kind: "parsed", parse: parseCount, brief: "Logins at a time", placeholder: "N", optional: true },
  requireTls: { kind: "enum", values: tlsRequirements, brief: "Where TLS is demanded of this account", optional: true },
  dataResumption: {
    kind: "enum",
    values: dataResumptions,
    brief: "Whether its data connections must resume the TLS of the control connection",
    optional: true,
  },
  uncleanDataClose: {
    kind: "enum",
    values: uncleanDataCloses,
    brief: "What its uploads mean that end without close_notify",
    optional: true,
  },
  clientCertificate: {
    kind: "enum",
    values: ["off", "login", "required"],
    brief: "login: a mapped certificate replaces the password; required: both are needed",
    optional: true,
  },
  certificateFingerprint: {
    kind: "parsed",
    parse: parseText,
    brief: "SHA-256 fingerprint of the client certificate that belongs to the account",
    placeholder: "HEX",
    optional: true,
  },
  gssapi: {
    kind: "enum",
    values: ["off", "login", "required"],
    brief: "login: a Kerberos principal of the account replaces the password; required: nothing else lets in",
    optional: true,
  },
  disabled: { kind: "boolean", brief: "Keep the account, but let nobody in", optional: true },
} as const;

/** The values of an account that the flags give; what is not said is absent. */
export function accountValues(flags: AccountFlags): AccountValues {
  const { home, readOnly, quota, maxConnections, certificateFingerprint, disabled } = flags;
  const { requireTls, dataResumption, uncleanDataClose, clientCertificate, gssapi } = flags;
  const mapping = certificateFingerprint && [{ kind: "fingerprint", value: certificateFingerprint } as const];
  return {
    ...(home && { home }),
    ...(readOnly !== undefined && { readOnly }),
    ...(quota !== undefined && { quotaBytes: quota }),
    ...(maxConnections !== undefined && { connectionsMax: maxConnections }),
    ...(requireTls && { requireTls }),
    ...(dataResumption && { dataResumption }),
    ...(uncleanDataClose && { uncleanDataClose }),
    ...(clientCertificate && { clientCertificate }),
    ...(gssapi && { gssapi }),
    ...(mapping && { clientCertificates: mapping }),
    ...(disabled !== undefined && { enabled: !disabled }),
  };
}

export function parseVirtualPath(text: string): VirtualPath {
  if (text.split("/").includes("..")) throw new Error("a path without .. components, as in /alice");
  const path = resolvePath(rootPath, octetsFromText(text));
  if (!isVirtualPath(path)) throw new Error("a path without control characters, with names of at most 255 octets");
  return path;
}

const factors: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** A number of octets as `--quota` takes it, exactly: 5M, 1500. */
export function sizeText(bytes: number): string {
  const unit = ["t", "g", "m", "k"].find((name) => bytes > 0 && bytes % (factors[name] ?? 1) === 0) ?? "";
  return `${bytes / (factors[unit] ?? 1)}${unit.toUpperCase()}`;
}

/** A number of octets: 1500, 5M, 2GiB. */
export function parseSize(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,15})([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const bytes = Number(digits) * (factors[unit.toLowerCase()] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) throw new Error("a size in bytes, or with K, M, G or T, as in 500M");
  return bytes;
}
