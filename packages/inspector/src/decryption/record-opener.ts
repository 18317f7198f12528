import {
  contentTypes,
  isTls13,
  type OpenedRecord,
  type RecordOpener,
  type ServerHello,
  type TlsRecord,
  type TlsSender,
} from "@sallyport/protocol";
import { noSecrets, type TlsSecrets, withKeyLogLine } from "./key-log.ts";
import { cipherOfSecret, ciphersOfMaster, type RecordCipher, updatedSecret } from "./record-ciphers.ts";

/**
 * Opens the records of one TLS connection with the secrets that one of its ends tells: AES-GCM and ChaCha20-Poly1305 of
 * TLS 1.2 and 1.3. Others stay closed, and so do records that come before their secret.
 *
 * Which key a record is under is found out by trying the one in use, then the one that follows it: only the right one
 * opens it.
 */
export class KeyedOpener {
  #known: TlsSecrets = noSecrets;
  readonly #inUse = new Map<TlsSender, Epoch>();

  /** Takes a line of the key log. */
  learn(line: string): void {
    this.#known = withKeyLogLine(this.#known, line);
  }

  readonly open: RecordOpener = (sender, record, serverHello) => {
    for (const epoch of this.#epochs(sender, serverHello)) {
      const opened = epoch.cipher.open(record, epoch.sequence);
      if (opened === undefined) continue;
      const read = isTls13(serverHello) ? unpadded(opened.plain) : inside(record, opened);
      this.#inUse.set(sender, { ...epoch, sequence: epoch.sequence + 1, isLast: endsWithFinished(read) });
      return read;
    }
    return undefined;
  };

  *#epochs(sender: TlsSender, serverHello: ServerHello): Generator<Epoch> {
    const inUse = this.#inUse.get(sender);
    if (inUse?.isLast === false) yield inUse;
    yield* isTls13(serverHello) ? this.#next(sender, serverHello, inUse) : this.#first(sender, serverHello, inUse);
    if (inUse?.isLast === true) yield inUse;
  }

  /** The epochs of TLS 1.3: the handshake's keys, those of the content, and after each KeyUpdate the next ones. */
  *#next(sender: TlsSender, { cipherSuite }: ServerHello, inUse: Epoch | undefined): Generator<Epoch> {
    const labels = secretLabels[sender].slice(
      inUse?.label === undefined ? 0 : secretLabels[sender].indexOf(inUse.label) + 1,
    );
    for (const label of labels) {
      const secret = this.#known.secrets.get(label);
      const cipher = secret && cipherOfSecret(secret, cipherSuite);
      if (secret && cipher) yield { label, secret, cipher, sequence: 0, isLast: false };
    }
    if (inUse?.secret === undefined || labels.length > 0) return;
    const secret = updatedSecret(inUse.secret, cipherSuite);
    const cipher = cipherOfSecret(secret, cipherSuite);
    if (cipher) yield { label: inUse.label, secret, cipher, sequence: 0, isLast: false };
  }

  *#first(sender: TlsSender, { cipherSuite, randomHex }: ServerHello, inUse: Epoch | undefined): Generator<Epoch> {
    const master = this.#known.secrets.get("CLIENT_RANDOM");
    const { clientRandom } = this.#known;
    if (inUse !== undefined || master === undefined || clientRandom === undefined) return;
    const ciphers = ciphersOfMaster(master, { client: clientRandom, server: randomHex }, cipherSuite);
    if (ciphers) yield { label: undefined, secret: undefined, cipher: ciphers[sender], sequence: 0, isLast: false };
  }
}

/** Records under one key. */
interface Epoch {
  readonly label: string | undefined;
  /** What the next key is made of. */
  readonly secret: Buffer | undefined;
  readonly cipher: RecordCipher;
  /** Of the next record. */
  readonly sequence: number;
  /** Whether its last record looked like the last under its key, so that the next key is tried first. */
  readonly isLast: boolean;
}

const secretLabels: Readonly<Record<TlsSender, readonly string[]>> = {
  client: ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0"],
  server: ["SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"],
};

function inside({ type }: TlsRecord, { plain, contentAt }: { plain: Buffer; contentAt: number }): OpenedRecord {
  return { type, content: plain, contentAt };
}

/** A Finished at the end, with a digest of SHA-256 or SHA-384 (RFC 8446 §4.4.4). */
function endsWithFinished({ type, content }: OpenedRecord): boolean {
  return (
    type === contentTypes.handshake &&
    [32, 48].some((digestBytes) => {
      const at = content.length - digestBytes - 4;
      return content[at] === finishedType && content[at + 3] === digestBytes;
    })
  );
}

const finishedType = 20;

/** The true type is the last octet that is not zero (RFC 8446 §5.2). */
function unpadded(plain: Buffer): OpenedRecord {
  const at = plain.findLastIndex((octet) => octet !== 0);
  return { type: plain[at] ?? 0, content: plain.subarray(0, Math.max(0, at)), contentAt: 0 };
}
