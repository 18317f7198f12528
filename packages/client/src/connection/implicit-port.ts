import { type LimitValues, TlsError } from "@sallyport/protocol";
import { ClientTls, type Dialer } from "@sallyport/transport";

/** Whom a greeting in clear is expected from. */
export interface SilentServer {
  readonly host: string;
  readonly port: number;
  readonly dialer: Dialer;
  readonly limits: LimitValues;
}

/**
 * Finds out why a server does not greet: a port that wants TLS from the first octet stays silent until it closes. After
 * two seconds of silence, or when the connection ended without a word, another connection asks whether TLS is spoken
 * there at once; no name and no password is sent on it.
 */
export class GreetingWatch implements Disposable {
  /** Aborts with TlsError `SALLYPORT_IMPLICIT_PORT` as soon as that is found out. */
  readonly signal: AbortSignal;
  readonly #server: SilentServer;
  readonly #found = new AbortController();
  readonly #over = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #probe: Promise<TlsError | undefined> | undefined;

  constructor(server: SilentServer) {
    this.#server = server;
    this.signal = this.#found.signal;
    this.#timer = setTimeout(() => void this.#ask().then((error) => error && this.#found.abort(error)), silenceMs);
  }

  /** The server has greeted in clear, so that is what it speaks. */
  greeted(): void {
    this[Symbol.dispose]();
  }

  /** Why it ended without a greeting, if that is the cause. */
  async causeOfSilence(): Promise<TlsError | undefined> {
    return this.#over.signal.aborted ? undefined : await this.#ask();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#over.abort();
  }

  #ask(): Promise<TlsError | undefined> {
    clearTimeout(this.#timer);
    return (this.#probe ??= speaksTls(this.#server, this.#over.signal).then((speaks) =>
      speaks ? implicitPort(this.#server) : undefined,
    ));
  }
}

async function speaksTls({ host, port, dialer, limits }: SilentServer, over: AbortSignal): Promise<boolean> {
  const waiting = { timeoutMs: Math.min(limits.handshakeMs, probeMs), signal: over };
  try {
    const tls = await ClientTls.create({ host, port, trust: { insecure: true }, resumption: "off" });
    const { socket } = await tls.startControl(await dialer.dial({ host, port }, waiting), waiting);
    socket.destroy();
    return true;
  } catch {
    return false;
  }
}

function implicitPort({ host, port }: SilentServer): TlsError {
  const text = `${host} port ${port} does not speak FTP in clear: it wants TLS from the first octet (implicit TLS)`;
  return new TlsError("SALLYPORT_IMPLICIT_PORT", text);
}

const silenceMs = 2_000;
const probeMs = 5_000;
