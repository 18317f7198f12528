/** A version of TLS as a person writes it, from Node's name. */
export function versionWord(protocol: string | null): string | null {
  return protocol === null
    ? null
    : protocol
        .replace(/^TLSv(\d)$/, "TLS $1.0")
        .replace(/^TLSv/, "TLS ")
        .replace(/^SSLv/, "SSL ");
}
