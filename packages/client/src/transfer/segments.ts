import type { Octets } from "@sallyport/protocol";
import type { ByteSink } from "@sallyport/transport";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { TransferOutcome } from "../connection/transfer-order.ts";
import type { Claim, RangeBook } from "./range-book.ts";
import { receiveInto } from "./receive.ts";
import type { Seams } from "./seams.ts";
import type { TransferSite } from "./site.ts";

export interface SegmentsOptions {
  readonly remote: Octets;
  readonly book: RangeBook;
  /** Told where parts meet, and what comes of the next one. */
  readonly seams: Seams;
  readonly sink: ByteSink;
  /** Of the file; undefined where the server does not tell. */
  readonly size: number | undefined;
  /** Control connections at most. */
  readonly count: number;
  readonly signal: AbortSignal | undefined;
  readonly onMoved: (bytes: number) => void;
}

/**
 * Fetches what a book has to give over one control connection and, where there is enough for them, over others of the
 * pool. What one of them fails to fetch the others do; the first failure is thrown when something is left, or no RETR
 * ended well. Returns the
 * outcome of the last RETR that ended by itself.
 */
export async function fetchSegments(
  site: TransferSite,
  connection: ClientConnection,
  options: SegmentsOptions,
): Promise<TransferOutcome | undefined> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const failures: unknown[] = [];
  let last: TransferOutcome | undefined;
  const work = async (worker: ClientConnection): Promise<void> => {
    try {
      last = (await fetchClaims(site, worker, options)) ?? last;
    } catch (error) {
      failures.push(error);
    }
    // Who still waits for a connection is not needed any more.
    if (options.book.isDone) stop.abort();
  };
  const help = async (): Promise<void> => {
    try {
      using lease = await site.pool.lease({ signal });
      await work(lease.connection);
    } catch {
      // The pool gives no more: the others do it.
    }
  };
  const others = Array.from({ length: Math.min(options.count, site.pool.countMax) - 1 }, help);
  await work(connection);
  stop.abort();
  await Promise.all(others);
  options.signal?.throwIfAborted();
  // Where no RETR ended well, nobody has said that the octets are the file: the next attempt asks.
  if (failures.length > 0 && (!options.book.isDone || last === undefined)) throw failures[0];
  return last;
}

async function fetchClaims(
  site: TransferSite,
  connection: ClientConnection,
  options: SegmentsOptions,
): Promise<TransferOutcome | undefined> {
  const { book } = options;
  let last: TransferOutcome | undefined;
  for (let claim = book.claim(); claim !== undefined; claim = book.claim()) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- a control connection moves one part at a time
      const outcome = await fetchClaim(site, connection, claim, options);
      if (outcome === undefined) book.release(claim);
      else {
        book.finish(claim);
        last = outcome;
      }
    } catch (error) {
      book.release(claim);
      throw error;
    }
  }
  return last;
}

/** Fetches one part; undefined where it was ended because somebody else fetches what comes next. */
async function fetchClaim(
  { throttle }: TransferSite,
  connection: ClientConnection,
  claim: Claim,
  { book, seams, remote, sink, size, signal, onMoved }: SegmentsOptions,
): Promise<TransferOutcome | undefined> {
  const first = claim.position;
  seams.begin(first);
  const pace = new ClaimPace(claim, book);
  const aborter = new AbortController();
  /** Where the part has ended, whatever the claim gets from others after that. */
  let seam: number | undefined;
  const clipped: ByteSink = {
    write(chunk, position) {
      // What the file has grown by meanwhile comes too.
      if (seam === undefined && size !== undefined && claim.end < size && position + chunk.length >= claim.end) {
        seam = claim.end;
      }
      const room = seam === undefined ? chunk.length : Math.min(chunk.length, Math.max(0, seam - position));
      const isEnough = seam !== undefined && room < chunk.length && seams.keep(seam, chunk.subarray(room));
      if (room === 0) {
        if (isEnough) aborter.abort(enough);
        return undefined;
      }
      claim.position = position + room;
      pace.reached();
      const written = (): void => {
        onMoved(room);
        if (isEnough) aborter.abort(enough);
      };
      const writing = sink.write(room < chunk.length ? chunk.subarray(0, room) : chunk, position);
      if (writing !== undefined) return writing.then(written);
      written();
      return undefined;
    },
  };
  const expectedBytes = size === undefined ? undefined : size - first;
  try {
    return await connection.transfer(
      { verb: "RETR", argument: remote, type: "I", restartOffset: BigInt(first) },
      receiveInto(clipped, first, { expectedBytes, throttle }),
      {
        signal: signal === undefined ? aborter.signal : AbortSignal.any([signal, aborter.signal]),
        sizeBytes: expectedBytes,
      },
    );
  } catch (error) {
    if (error === enough) return undefined;
    throw error;
  }
}

/** Measures how long a part takes to begin to come, and how fast it comes then. */
class ClaimPace {
  readonly #claim: Claim;
  readonly #book: RangeBook;
  readonly #askedAtMs = performance.now();
  #from: { readonly atMs: number; readonly position: number } | undefined;

  constructor(claim: Claim, book: RangeBook) {
    this.#claim = claim;
    this.#book = book;
  }

  reached(): void {
    const atMs = performance.now();
    const { position } = this.#claim;
    if (this.#from === undefined) {
      this.#from = { atMs, position };
      this.#book.startMs = Math.max(this.#book.startMs, atMs - this.#askedAtMs);
    } else if (atMs > this.#from.atMs) {
      this.#claim.bytesPerMs = (position - this.#from.position) / (atMs - this.#from.atMs);
    }
  }
}

/** Ends the transfer of a part behind which others fetch. */
const enough = new Error("The rest of the file is fetched elsewhere");
