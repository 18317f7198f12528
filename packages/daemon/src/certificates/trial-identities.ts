import { parseCertificateName } from "./certificate-name.ts";
import { generateKey, issueAuthority, issueSelfSigned, issueServerCertificate, privateKeyPem } from "./issue.ts";

/** A certificate chain and its key, both PEM. */
interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Makes the certificates by which clients are tried, for a server of these names: a `good` one of a new authority, and others
 * that differ from it in one thing each. Nothing is kept: the authority's key goes with the process.
 */
export async function issueTrialIdentities(names: readonly string[], nowMs: number) {
  const parsed = names.flatMap((name) => parseCertificateName(name) ?? []);
  const foreign = [foreignName].flatMap((name) => parseCertificateName(name) ?? []);
  const validity = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + dayMs };
  const past = { notBeforeMs: nowMs - 3 * dayMs, notAfterMs: nowMs - dayMs };
  const authorityOf = async (commonName: string) => {
    const key = generateKey();
    const lasting = { notBeforeMs: nowMs - 4 * dayMs, notAfterMs: nowMs + dayMs };
    return { key, certificatePem: await issueAuthority(commonName, lasting, { key, names: [...parsed, ...foreign] }) };
  };
  const authority = await authorityOf("Sallyport client trials");
  const unknown = await authorityOf("Sallyport client trials");
  const leaf = async (
    from: typeof authority,
    wishes: { readonly names: typeof parsed; readonly validity: typeof validity },
  ) => {
    const key = generateKey();
    const commonName = wishes.names[0]?.text ?? foreignName;
    const pem = await issueServerCertificate(commonName, wishes.validity, {
      key,
      names: wishes.names,
      authority: from,
    });
    return { certificate: pem + from.certificatePem, key: privateKeyPem(key) } satisfies Identity;
  };
  const ownKey = generateKey();
  const self = await issueSelfSigned(parsed[0]?.text ?? foreignName, validity, { key: ownKey, names: parsed });
  return {
    authority: authority.certificatePem,
    identities: {
      good: await leaf(authority, { names: parsed, validity }),
      "wrong-name": await leaf(authority, { names: foreign, validity }),
      expired: await leaf(authority, { names: parsed, validity: past }),
      "self-signed": { certificate: self, key: privateKeyPem(ownKey) },
      "unknown-authority": await leaf(unknown, { names: parsed, validity }),
    },
  };
}

/** Of a domain that is reserved for tests (RFC 6761). */
const foreignName = "elsewhere.example.test";

const dayMs = 86_400_000;
