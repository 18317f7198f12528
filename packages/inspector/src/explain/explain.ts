import { limits } from "@sallyport/protocol";
import { type Dialer, directDialer } from "@sallyport/transport";
import type { Capture } from "../capture/capture.ts";
import type { ExplainEvent, TlsMode } from "../model/index.ts";
import { clientContexts, type TrustOptions } from "./handshake.ts";
import { Lane } from "./lane.ts";
import { probe } from "./probe.ts";
import { startStripper } from "./stripper.ts";

/** What {@link explain} asks, and how long it waits. */
export interface ExplainOptions extends TrustOptions {
  /** Default: 21 (RFC 959) and 990 (IANA, ftps). */
  readonly ports?: Partial<Readonly<Record<TlsMode, number>>>;
  /** Longest wait for each step of the dialogue; default limits.handshakeMs. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Gets what goes over the wire on both connections, and their keys; no password goes over them. */
  readonly capture?: Capture;
  /** How connections are made. Default: directly. */
  readonly dialer?: Dialer;
  /** Whether events carry their octets. Default: no. */
  readonly octets?: boolean;
  /** Logs in, inside TLS and only where the certificate is verified, and fetches a listing: shows a data connection. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /**
   * Puts somebody between who answers AUTH by 502: shows what a client makes of that. `required`: it leaves; `if-available`:
   * it logs in in clear, with a made-up name that goes no further than to whoever stands between.
   */
  readonly stripped?: StrippedClient;
}

/** How much a client wants TLS. */
export const strippedClients = ["required", "if-available"] as const;
export type StrippedClient = (typeof strippedClients)[number];

export const standardPorts: Readonly<Record<TlsMode, number>> = { explicit: 21, implicit: 990 };

/**
 * Asks a server in both modes at once and yields what happens on both control connections, in the order in which it
 * happens: TCP, FTP lines, TLS records with what can be read of them without keys and what is inside with the keys of
 * our end, the check of the certificate. Keys themselves are no part of it.
 *
 * No name and no password is sent but those of `credentials`. Whatever goes wrong with the server is an event of kind `problem`, never an
 * error. Ending the iteration early closes both connections.
 *
 * @throws the reason of `signal` when that aborts.
 */
export async function* explain(host: string, options: ExplainOptions = {}): AsyncGenerator<ExplainEvent, void, void> {
  const ending = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ending.signal]) : ending.signal;
  const events: ExplainEvent[] = [];
  let wake = () => {};
  const emit = (event: ExplainEvent) => {
    events.push(event);
    wake();
  };
  let running = true;
  const probes = probeBoth(host, options, signal, emit).finally(() => {
    running = false;
    wake();
  });
  // Its failure is met at the end of the iteration, or not at all when that is left early.
  probes.catch(() => {});
  try {
    for (;;) {
      yield* events.splice(0);
      if (!running && events.length === 0) break;
      if (events.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    }
    await probes;
  } finally {
    if (running) ending.abort();
    await probes.catch(() => {});
  }
}

async function probeBoth(
  host: string,
  options: ExplainOptions,
  signal: AbortSignal,
  emit: (event: ExplainEvent) => void,
): Promise<void> {
  const contextFor = clientContexts(options);
  const timeoutMs = options.timeoutMs ?? limits.handshakeMs.value;
  const ports = { ...standardPorts, ...options.ports };
  const modes = ["explicit", "implicit"] as const;
  const startedMs = performance.now();
  const { stripped, credentials, dialer = directDialer() } = options;
  await using between = stripped === undefined ? undefined : await startStripper(dialer);
  await Promise.all(
    modes.map((mode) => {
      const lane = new Lane({
        ...{
          mode,
          timeoutMs,
          signal,
          emit,
          capture: options.capture,
          keepsOctets: options.octets,
          dialer: mode === "explicit" && between ? between.dialer : dialer,
        },
        now: () => performance.now() - startedMs,
      });
      const target = { host, port: ports[mode], insecure: options.insecure === true, contextFor };
      const isWilling = stripped === "if-available" && mode === "explicit";
      return probe(mode, lane, { ...target, ...(credentials && !stripped && { credentials }), isWilling });
    }),
  );
}
