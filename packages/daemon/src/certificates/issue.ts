import { createHash, createPublicKey, generateKeyPairSync, randomBytes, webcrypto, type KeyObject } from "node:crypto";
import type { Certificate, Extension, GeneralName, RelativeDistinguishedNames } from "pkijs";
import type { CertificateName } from "./certificate-name.ts";

/** When a certificate is valid, in milliseconds since 1970. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** A certificate authority that can sign: its certificate and its key. */
export interface Authority {
  readonly certificatePem: string;
  readonly key: KeyObject;
}

/** Makes a key for a certificate: EC P-256, which every TLS 1.2 and 1.3 peer understands. */
export function generateKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/** The PKCS#8 text of a private key. */
export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" });
}

/**
 * Issues the certificate of a new certificate authority. Whoever trusts it trusts it for TLS servers with `names`
 * alone (name constraints, RFC 5280 §4.2.1.10, and extended key usage): a stolen key can imitate this server, but
 * neither a bank nor a mail correspondent.
 */
export async function issueAuthority(
  commonName: string,
  validity: Validity,
  options: { readonly key: KeyObject; readonly names: readonly CertificateName[] },
): Promise<string> {
  return issueByItself(commonName, validity, options.key, (x509) => [
    x509.basicConstraints({ authority: true }),
    x509.keyUsage(["keyCertSign", "cRLSign"]),
    x509.nameConstraints(options.names),
  ]);
}

/** Issues a server's certificate, valid for `names` and never longer than its authority. */
export async function issueServerCertificate(
  commonName: string,
  validity: Validity,
  options: { readonly key: KeyObject; readonly names: readonly CertificateName[]; readonly authority: Authority },
): Promise<string> {
  const x509 = await loadX509();
  const issuer = x509.parse(options.authority.certificatePem);
  const notAfterMs = Math.min(validity.notAfterMs, issuer.notAfter.value.getTime());
  const certificate = x509.blank(options.key, { ...validity, notAfterMs });
  certificate.subject = x509.distinguishedName(commonName);
  certificate.issuer = issuer.subject;
  certificate.extensions = [
    x509.basicConstraints({ authority: false }),
    x509.keyUsage(["digitalSignature"]),
    x509.serverPurpose(),
    x509.subjectKey(options.key),
    x509.authorityKey(options.authority.key),
    x509.alternativeNames(options.names),
  ];
  return x509.sign(certificate, options.authority.key);
}

/** Issues a server's certificate that nobody vouches for but itself. */
export async function issueSelfSigned(
  commonName: string,
  validity: Validity,
  options: { readonly key: KeyObject; readonly names: readonly CertificateName[] },
): Promise<string> {
  return issueByItself(commonName, validity, options.key, (x509) => [
    x509.basicConstraints({ authority: false }),
    x509.keyUsage(["digitalSignature"]),
    x509.alternativeNames(options.names),
  ]);
}

async function issueByItself(
  commonName: string,
  validity: Validity,
  key: KeyObject,
  extensionsOf: (x509: Awaited<ReturnType<typeof loadX509>>) => Extension[],
): Promise<string> {
  const x509 = await loadX509();
  const certificate = x509.blank(key, validity);
  certificate.subject = x509.distinguishedName(commonName);
  certificate.issuer = certificate.subject;
  certificate.extensions = [...extensionsOf(x509), x509.serverPurpose(), x509.subjectKey(key)];
  return x509.sign(certificate, key);
}

/** Whether an authority's name constraints let it sign for every one of the names. */
export async function authorityPermits(authorityPem: string, names: readonly CertificateName[]): Promise<boolean> {
  const x509 = await loadX509();
  const permitted = x509.permittedNames(x509.parse(authorityPem));
  return permitted === undefined || names.every((name) => permitted.some((base) => subtreeHolds(base, name)));
}

/** One permitted subtree: a DNS suffix, or the octets of an address followed by those of its mask. */
type Subtree = { readonly suffix: string } | { readonly range: Uint8Array };

function subtreeHolds(subtree: Subtree, name: CertificateName): boolean {
  if ("suffix" in subtree) {
    const asked = name.kind === "dns" ? name.text.replace(/^\*\./, "") : undefined;
    return asked === subtree.suffix || asked?.endsWith(`.${subtree.suffix}`) === true;
  }
  if (name.kind === "dns" || subtree.range.length !== 2 * name.octets.length) return false;
  const { range } = subtree;
  return name.octets.every((octet, at) => {
    const mask = range[name.octets.length + at] ?? 0;
    return (octet & mask) === ((range[at] ?? 0) & mask);
  });
}

const oid = {
  commonName: "2.5.4.3",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
} as const;

/** Bit numbers of RFC 5280 §4.2.1.3. */
const keyUsageBits = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 } as const;

/** GeneralName choices of RFC 5280 §4.2.1.6. */
const nameChoice = { dns: 2, address: 7 } as const;

/** The bound of RFC 5280, appendix A.1 (ub-common-name). */
const commonNameLengthMax = 64;

/** From 2050 on dates are GeneralizedTime (RFC 5280 §4.1.2.5). */
const firstGeneralizedYear = 2050;

type X509 = Awaited<ReturnType<typeof makeX509>>;
let loaded: Promise<X509> | undefined;

/** pkijs takes 108 ms to import, so only those who issue pay for it. */
function loadX509(): Promise<X509> {
  loaded ??= makeX509();
  return loaded;
}

async function makeX509() {
  const [pkijs, asn1js] = await Promise.all([import("pkijs"), import("asn1js")]);

  function extension(extnID: string, critical: boolean, value: { toBER(): ArrayBuffer }): Extension {
    return new pkijs.Extension({ extnID, critical, extnValue: value.toBER() });
  }

  function dnsName(text: string): GeneralName {
    return new pkijs.GeneralName({ type: nameChoice.dns, value: text });
  }

  function addressName(octets: Uint8Array<ArrayBuffer>): GeneralName {
    const value = new asn1js.OctetString({ valueHex: octets.buffer });
    return new pkijs.GeneralName({ type: nameChoice.address, value });
  }

  /** A subtree that holds one name: a host and what lies below it, or a single address (mask of ones). */
  function subtreeBase(name: CertificateName): GeneralName {
    if (name.kind === "dns") return dnsName(name.text.replace(/^\*\./, ""));
    const mask = new Uint8Array(name.octets.length).fill(0xff);
    return addressName(Uint8Array.from([...name.octets, ...mask]));
  }

  function time(atMs: number) {
    const value = new Date(atMs);
    return new pkijs.Time({ type: value.getUTCFullYear() < firstGeneralizedYear ? 0 : 1, value });
  }

  return {
    parse(pem: string): Certificate {
      const der = Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ""), "base64");
      return pkijs.Certificate.fromBER(new Uint8Array(der));
    },

    blank(key: KeyObject, validity: Validity): Certificate {
      const certificate = new pkijs.Certificate();
      certificate.version = 2;
      certificate.serialNumber = new asn1js.Integer({ valueHex: serialNumber() });
      certificate.notBefore = time(validity.notBeforeMs);
      certificate.notAfter = time(validity.notAfterMs);
      certificate.subjectPublicKeyInfo = pkijs.PublicKeyInfo.fromBER(new Uint8Array(publicKeyDer(key)));
      return certificate;
    },

    distinguishedName(commonName: string): RelativeDistinguishedNames {
      const value = new asn1js.Utf8String({ value: commonName.slice(0, commonNameLengthMax) });
      const attribute = new pkijs.AttributeTypeAndValue({ type: oid.commonName, value });
      return new pkijs.RelativeDistinguishedNames({ typesAndValues: [attribute] });
    },

    basicConstraints(options: { readonly authority: boolean }): Extension {
      const value = options.authority ? { cA: true, pathLenConstraint: 0 } : { cA: false };
      return extension(oid.basicConstraints, true, new pkijs.BasicConstraints(value).toSchema());
    },

    keyUsage(usages: readonly (keyof typeof keyUsageBits)[]): Extension {
      const octet = usages.reduce((bits, usage) => bits | (0x80 >> keyUsageBits[usage]), 0);
      const unusedBits = 31 - Math.clz32(octet & -octet);
      const value = new asn1js.BitString({ valueHex: Uint8Array.of(octet).buffer, unusedBits });
      return extension(oid.keyUsage, true, value);
    },

    serverPurpose(): Extension {
      const value = new pkijs.ExtKeyUsage({ keyPurposes: [oid.serverAuth] });
      return extension(oid.extendedKeyUsage, false, value.toSchema());
    },

    subjectKey(key: KeyObject): Extension {
      return extension(oid.subjectKeyIdentifier, false, new asn1js.OctetString({ valueHex: keyIdentifier(key) }));
    },

    authorityKey(key: KeyObject): Extension {
      const keyIdentifierOctets = new asn1js.OctetString({ valueHex: keyIdentifier(key) });
      const value = new pkijs.AuthorityKeyIdentifier({ keyIdentifier: keyIdentifierOctets });
      return extension(oid.authorityKeyIdentifier, false, value.toSchema());
    },

    alternativeNames(names: readonly CertificateName[]): Extension {
      const generalNames = names.map((name) => (name.kind === "dns" ? dnsName(name.text) : addressName(name.octets)));
      const value = new pkijs.GeneralNames({ names: generalNames });
      return extension(oid.subjectAltName, false, value.toSchema());
    },

    nameConstraints(names: readonly CertificateName[]): Extension {
      const permittedSubtrees = names.map((name) => new pkijs.GeneralSubtree({ base: subtreeBase(name) }));
      const value = new pkijs.NameConstraints({ permittedSubtrees });
      return extension(oid.nameConstraints, true, value.toSchema());
    },

    permittedNames(certificate: Certificate): Subtree[] | undefined {
      const found = certificate.extensions?.find(({ extnID }) => extnID === oid.nameConstraints)?.parsedValue;
      if (!(found instanceof pkijs.NameConstraints)) return undefined;
      return (found.permittedSubtrees ?? []).flatMap(({ base }): Subtree[] => {
        const value: unknown = base.value;
        if (base.type === nameChoice.dns) return [{ suffix: String(value) }];
        return value instanceof asn1js.OctetString ? [{ range: value.valueBlock.valueHexView }] : [];
      });
    },

    async sign(certificate: Certificate, key: KeyObject): Promise<string> {
      await certificate.sign(await signingKey(key), "SHA-256");
      const base64 = Buffer.from(certificate.toSchema(true).toBER()).toString("base64");
      const lines = base64.match(/.{1,64}/g) ?? [];
      return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
    },
  };
}

function publicKeyDer(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

/** The leftmost 160 bits of the SHA-256 of the public point, 65 octets for P-256 (RFC 7093 §2, method 1). */
function keyIdentifier(key: KeyObject): ArrayBuffer {
  const digest = createHash("sha256").update(publicKeyDer(key).subarray(-65)).digest();
  return Uint8Array.from(digest.subarray(0, 20)).buffer;
}

/** Sixteen random octets, positive and without a leading zero (RFC 5280 §4.1.2.2). */
function serialNumber(): ArrayBuffer {
  const octets = Uint8Array.from(randomBytes(16));
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return octets.buffer;
}

function signingKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = key.export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", der, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
}
