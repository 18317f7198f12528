import type { TrustOptions } from "@sallyport/inspector";

/** What a command line says about whom to trust. */
interface TrustFlags {
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly state?: string;
}

/** Beside the system's authorities those of this machine's own servers are trusted, `serve` and `start` alike. */
export async function trustOf({ ca, insecure = false, state }: TrustFlags): Promise<TrustOptions> {
  if (ca !== undefined) {
    const { readCertificate, readPemFile } = await import("@sallyport/daemon/certificates");
    readCertificate(ca);
    return { insecure, ca: readPemFile(ca, "certificate") };
  }
  const { localAuthorities } = await import("./local-authorities.ts");
  const extraCa = localAuthorities(state);
  return { insecure, ...(extraCa !== "" && { extraCa }) };
}
