/** The secrets of one TLS connection as far as they are known, by their labels in a key log (RFC 9850). */
export interface TlsSecrets {
  readonly secrets: ReadonlyMap<string, Buffer>;
  /** In hexadecimal digits. */
  readonly clientRandom: string | undefined;
}

export const noSecrets: TlsSecrets = { secrets: new Map(), clientRandom: undefined };

/**
 * Adds a line of a key log, `LABEL CLIENT_RANDOM SECRET`, as a `keylog` event of Node brings it. A line that is none, or
 * is of another connection, changes nothing.
 */
export function withKeyLogLine(known: TlsSecrets, line: string): TlsSecrets {
  const [, label, clientRandom, secret] = keyLogLine.exec(line) ?? [];
  if (label === undefined || clientRandom === undefined || secret === undefined) return known;
  if (known.clientRandom !== undefined && known.clientRandom !== clientRandom) return known;
  return { secrets: new Map([...known.secrets, [label, Buffer.from(secret, "hex")]]), clientRandom };
}

const keyLogLine = /^([A-Z0-9_]+) ([0-9a-f]{64}) ((?:[0-9a-f]{2})+)\s*$/;
