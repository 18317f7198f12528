import { X509Certificate, randomBytes, type KeyObject } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { ConfigError } from "@sallyport/protocol";
import { errorCode, writeFileAtomically } from "../files.ts";
import { type CertificateName, distinctNames, parseCertificateName } from "./certificate-name.ts";
import { alternativeNames } from "./describe.ts";
import type { IdentityFiles } from "./identity.ts";
import {
  type Authority,
  authorityPermits,
  generateKey,
  issueAuthority,
  issueServerCertificate,
  privateKeyPem,
} from "./issue.ts";
import { readCertificate, readPrivateKey } from "./pem-files.ts";

/** Where the certificates of one state directory lie. */
export interface CertificatePaths {
  readonly authority: string;
  readonly authorityKey: string;
  /** The server's certificate, then the authority's. */
  readonly certificate: string;
  readonly key: string;
}

export function certificatePaths(directory: string): CertificatePaths {
  return {
    authority: join(directory, "ca.pem"),
    authorityKey: join(directory, "ca.key"),
    certificate: join(directory, "cert.pem"),
    key: join(directory, "key.pem"),
  };
}

/** What {@link LocalCertificates.renewIfDue} did. */
export type Renewal =
  /** A new server certificate from the same authority, for the same key. */
  | { readonly kind: "renewed"; readonly notAfter: Date }
  /** The authority was about to end: everybody who trusts it has to take the new one. */
  | { readonly kind: "authority-replaced"; readonly notAfter: Date }
  | { readonly kind: "not-due" }
  /** The files were put there by somebody else, who has to renew them. */
  | { readonly kind: "not-ours" };

const dayMs = 86_400_000;

/** The CA/Browser Forum and Apple accept at most 398 days; one day is kept for time zones and leap seconds. */
const serverValidityMs = 397 * dayMs;
const authorityValidityMs = 3650 * dayMs;

/** How long before its end a certificate is replaced. */
const renewalLeadMs = 30 * dayMs;

/** Peers whose clocks are slow accept a fresh certificate too. */
const backdatingMs = 3_600_000;

/**
 * The certificates that a server makes for itself on its first run: a local authority (`ca.pem`, `ca.key`) and a server
 * certificate from it (`cert.pem`, `key.pem`), valid for this machine's names and renewed before it ends. The key stays
 * the same when the certificate is renewed, so that renewal is one rename and pinned keys stay valid. A pair of
 * `cert.pem` and `key.pem` that came from elsewhere is used and left alone.
 */
export class LocalCertificates {
  readonly paths: CertificatePaths;

  private constructor(paths: CertificatePaths) {
    this.paths = paths;
  }

  /**
   * Opens the certificates in a directory, and makes what is missing, ended or about to end. `names` are for a first
   * certificate, besides this machine's own; later ones keep the names of the one before.
   *
   * @throws {ConfigError} SALLYPORT_AUTHORITY_INVALID, SALLYPORT_CERTIFICATE_INVALID or SALLYPORT_KEY_INVALID where
   * files are damaged, SALLYPORT_INPUT_UNREADABLE, SALLYPORT_STATE_UNWRITABLE.
   */
  static async open(
    directory: string,
    options: { readonly names: readonly CertificateName[]; readonly nowMs: number },
  ): Promise<LocalCertificates> {
    const certificates = new LocalCertificates(certificatePaths(directory));
    const { certificate, key } = certificates.paths;
    if (!existsSync(certificate) && !existsSync(key)) await certificates.create(options);
    else if (certificates.#mayRepair()) await certificates.create(options);
    else await certificates.renewIfDue(options.nowMs);
    return certificates;
  }

  /** Opens the certificates without looking at them, for {@link create}. */
  static at(directory: string): LocalCertificates {
    return new LocalCertificates(certificatePaths(directory));
  }

  /**
   * Makes a server certificate for this machine's names and those given, and a new authority where there is none, the
   * old one ended, or its name constraints forbid a name. Tells which authority signed.
   *
   * @throws {ConfigError} SALLYPORT_CERTIFICATE_FOREIGN when the files were put there by somebody else.
   */
  async create(options: {
    readonly names: readonly CertificateName[];
    readonly nowMs: number;
    /** Makes a new key for the server too; pinned keys have to follow. */
    readonly newKey?: boolean;
  }): Promise<{ readonly authority: "kept" | "new" }> {
    if (this.#present()?.ours === false) throw this.#foreign();
    const names = distinctNames([...machineNames(), ...options.names]);
    const kept = await this.#usableAuthority(options.nowMs, names);
    const authority = kept ?? (await this.#createAuthority(options.nowMs, names));
    const key = (options.newKey === true ? undefined : this.#keptKey()) ?? this.#createKey();
    await this.#issue(authority, { key, names, nowMs: options.nowMs });
    return { authority: kept === undefined ? "new" : "kept" };
  }

  /** Replaces a server certificate that ends within 30 days, or has ended. */
  async renewIfDue(nowMs: number): Promise<Renewal> {
    const present = this.#present();
    if (present === undefined || !present.ours) return { kind: "not-ours" };
    const { leaf } = present;
    if (nowMs < leaf.validToDate.getTime() - renewalLeadMs && nowMs >= leaf.validFromDate.getTime()) {
      return { kind: "not-due" };
    }
    const names = alternativeNames(leaf).flatMap((text) => parseCertificateName(text) ?? []);
    const kept = await this.#usableAuthority(nowMs, names);
    const authority = kept ?? (await this.#createAuthority(nowMs, names));
    const notAfter = await this.#issue(authority, { key: this.#keptKey() ?? this.#createKey(), names, nowMs });
    return { kind: kept === undefined ? "authority-replaced" : "renewed", notAfter };
  }

  /** Where the server's identity lies. */
  get identityFiles(): IdentityFiles {
    return { certificateFile: this.paths.certificate, keyFile: this.paths.key };
  }

  #foreign(): ConfigError {
    const { certificate, key } = this.paths;
    const message = `The certificate ${certificate} was not made by the local authority: move it and ${key} away to have new ones made.`;
    return new ConfigError("SALLYPORT_CERTIFICATE_FOREIGN", message);
  }

  /** The server certificate on disk, and whether our authority made it and can make another. */
  #present(): { readonly leaf: X509Certificate; readonly ours: boolean } | undefined {
    if (!existsSync(this.paths.certificate)) return undefined;
    const leaf = readCertificate(this.paths.certificate);
    const authority = this.#readAuthority();
    if (authority === undefined) return { leaf, ours: false };
    const issuer = new X509Certificate(authority.certificatePem);
    return { leaf, ours: leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey) };
  }

  /** Whether half of our own pair is missing or of another pair, as a crash during {@link create} leaves it. */
  #mayRepair(): boolean {
    if (!existsSync(this.paths.certificate)) return this.#readAuthority() !== undefined;
    const present = this.#present();
    if (present === undefined || !present.ours) return false;
    const key = this.#keptKey();
    return key === undefined || !present.leaf.checkPrivateKey(key);
  }

  #readAuthority(): Authority | undefined {
    const { authority, authorityKey } = this.paths;
    if (!existsSync(authority) || !existsSync(authorityKey)) return undefined;
    try {
      const certificate = readCertificate(authority);
      const key = readPrivateKey(authorityKey);
      if (!certificate.checkPrivateKey(key)) throw new Error("the key does not belong to the certificate");
      return { certificatePem: certificate.toString(), key };
    } catch (cause) {
      throw new ConfigError(
        "SALLYPORT_AUTHORITY_INVALID",
        `The local authority ${authority} and its key ${authorityKey} cannot be used: restore them from a backup, or remove both to have new ones made.`,
        { cause },
      );
    }
  }

  async #usableAuthority(nowMs: number, names: readonly CertificateName[]): Promise<Authority | undefined> {
    const authority = this.#readAuthority();
    if (authority === undefined) return undefined;
    const certificate = new X509Certificate(authority.certificatePem);
    const lasts = nowMs < certificate.validToDate.getTime() - renewalLeadMs;
    const begun = nowMs >= certificate.validFromDate.getTime();
    return lasts && begun && (await authorityPermits(authority.certificatePem, names)) ? authority : undefined;
  }

  async #createAuthority(nowMs: number, names: readonly CertificateName[]): Promise<Authority> {
    const key = generateKey();
    const commonName = `Sallyport authority ${randomBytes(4).toString("hex")} on ${hostname()}`;
    const validity = { notBeforeMs: nowMs - backdatingMs, notAfterMs: nowMs + authorityValidityMs };
    const certificatePem = await issueAuthority(commonName, validity, { key, names });
    this.#write(this.paths.authorityKey, privateKeyPem(key), 0o600);
    this.#write(this.paths.authority, certificatePem, 0o644);
    return { certificatePem, key };
  }

  /** The server's key on disk, where there is one that can be used. */
  #keptKey(): KeyObject | undefined {
    if (!existsSync(this.paths.key)) return undefined;
    return readPrivateKey(this.paths.key);
  }

  #createKey(): KeyObject {
    const key = generateKey();
    this.#write(this.paths.key, privateKeyPem(key), 0o600);
    return key;
  }

  async #issue(
    authority: Authority,
    leaf: { readonly key: KeyObject; readonly names: readonly CertificateName[]; readonly nowMs: number },
  ): Promise<Date> {
    const commonName = leaf.names.find(({ kind, text }) => kind === "dns" && text !== "localhost")?.text ?? "localhost";
    const notBeforeMs = leaf.nowMs - backdatingMs;
    const validity = { notBeforeMs, notAfterMs: notBeforeMs + serverValidityMs };
    const pem = await issueServerCertificate(commonName, validity, { ...leaf, authority });
    this.#write(this.paths.certificate, pem + authority.certificatePem, 0o644);
    return new X509Certificate(pem).validToDate;
  }

  #write(path: string, content: string, mode: number): void {
    const directory = dirname(path);
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileAtomically(path, content, mode);
    } catch (cause) {
      throw new ConfigError(
        "SALLYPORT_STATE_UNWRITABLE",
        `The file ${path} cannot be written (${errorCode(cause)}): make room, or let this user write to ${directory}.`,
        { cause },
      );
    }
  }
}

/** What this machine is called by those who run on it. */
function machineNames(): CertificateName[] {
  return ["localhost", "127.0.0.1", "::1", hostname()].flatMap((text) => parseCertificateName(text) ?? []);
}
