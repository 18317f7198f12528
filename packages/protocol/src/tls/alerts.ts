/** An alert that is readable on the wire (RFC 8446 §6). */
export interface TlsAlert {
  readonly level: number;
  readonly description: number;
}

/** Description of the alert that ends a direction properly (RFC 8446 §6.1). */
export const closeNotify = 0;

/**
 * Reads the content of a clear alert record, which is exactly two octets; anything else is `undefined`, as an
 * encrypted alert of TLS 1.2 is.
 */
export function parseAlert(fragment: Uint8Array): TlsAlert | undefined {
  const [level, description] = fragment;
  if (fragment.length !== 2 || level === undefined || description === undefined) return undefined;
  return level === 1 || level === 2 ? { level, description } : undefined;
}
