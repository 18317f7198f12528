import {
  type Between,
  isIpv4,
  isSallyportError,
  type LimitValues,
  type Octets,
  type ReceivedReply,
  TransportError,
} from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import { Meeting } from "../connection/meeting.ts";
import { admitEndpoint } from "./meeting-place.ts";
import { otherSide, type Side, type Way } from "./ways.ts";

/** A file on one of the two servers, with the control connection through which it is moved. */
export interface FileEnd {
  readonly connection: ClientConnection;
  readonly path: Octets;
}

export type FileEnds = Readonly<Record<Side, FileEnd>>;

/** From which octet on, of how many. */
export interface Extent {
  readonly offset: number;
  readonly size: number | undefined;
}

export interface DirectOptions {
  readonly way: Way;
  /** Octets that the target has already. */
  readonly offset: number;
  /** Addresses besides its own that a server may name. */
  readonly addresses: readonly string[];
  readonly limits: Pick<LimitValues, "dataOpenMs" | "completionMs">;
  readonly signal?: AbortSignal | undefined;
  /** Told when both servers have begun. */
  readonly onBegun: () => void;
}

/** What went wrong first, and whose control connection told of it. */
export interface DirectFailure {
  readonly side: Side;
  readonly error: unknown;
}

/**
 * Has two servers move a file between them: each is told where the other is, then one to send and one to store, and
 * both must say 2yz. Where one fails, the other is made to stop by ABOR. Returns what failed, or undefined.
 */
export async function copyDirectly(ends: FileEnds, options: DirectOptions): Promise<DirectFailure | undefined> {
  const { way, signal, limits, onBegun } = options;
  const stop = new AbortController();
  const connector = ends[otherSide(way.listener)].connection;
  const meeting = new Meeting((endpoint) => admitEndpoint(endpoint, connector.peerAddress));
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  let first: DirectFailure | undefined;
  const fail = (side: Side, error: unknown): void => {
    // Where it was stopped from here, that is the reason.
    first ??= { side, error: error === stop.signal.reason ? error : causeOf(error) };
    stop.abort(error);
  };
  const late = (afterMs: number, side: Side, what: string): NodeJS.Timeout =>
    setTimeout(() => fail(side, new TransportError("SALLYPORT_FXP_TIMEOUT", what)), afterMs);
  const opening = late(limits.dataOpenMs, way.listener, "The two servers did not reach each other in time");
  meeting.begun.then(
    () => {
      clearTimeout(opening);
      onBegun();
    },
    () => {},
  );
  let closing: NodeJS.Timeout | undefined;
  const carryOut = async (side: Side): Promise<void> => {
    try {
      await askFor(side, ends[side], meeting, { ...options, signal: both });
      closing ??= late(limits.completionMs, otherSide(side), "One server is done, and the other says nothing");
    } catch (error) {
      fail(side, error);
    }
  };
  try {
    await Promise.all([carryOut("from"), carryOut("to")]);
  } finally {
    clearTimeout(opening);
    clearTimeout(closing);
  }
  return first;
}

function askFor(
  side: Side,
  { connection, path }: FileEnd,
  meeting: Meeting,
  { way, offset, addresses, signal }: DirectOptions,
): Promise<ReceivedReply> {
  const between: Between = {
    setUp: side === way.listener ? passiveVerbOf(way, connection) : "active",
    hosts: addresses,
    protection: way.secure === undefined ? "C" : "P",
    secureClient: way.secure?.by === "SSCN" && way.secure.client === side,
  };
  const verb = side === "from" ? "RETR" : "STOR";
  const order = { verb, argument: path, type: "I", restartOffset: BigInt(offset), between } as const;
  return connection.transferBetween(order, meeting, { signal });
}

/** PASV where its reply has room for the address, since that is what servers know of each other. */
function passiveVerbOf({ secure }: Way, { peerAddress }: ClientConnection): "PASV" | "CPSV" | "EPSV" {
  if (!isIpv4(peerAddress)) return "EPSV";
  return secure?.by === "CPSV" ? "CPSV" : "PASV";
}

/** Why an endpoint was not passed on says more than that the data connection could not be opened. */
function causeOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return isSallyportError(cause) && cause.code.startsWith("SALLYPORT_FXP_") ? cause : error;
}
