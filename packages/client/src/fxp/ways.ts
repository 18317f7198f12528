import { type Features, isIpv4, normaliseAddress } from "@sallyport/protocol";

/** One of the two servers of a copy: the file comes from the one and goes to the other. */
export type Side = "from" | "to";

/** How two servers can move a file between them. */
export interface Way {
  /** Who opens a port; the other connects. */
  readonly listener: Side;
  /** Who takes the client's part in TLS and by which command; undefined where the file goes in clear. */
  readonly secure: { readonly client: Side; readonly by: "SSCN" | "CPSV" } | undefined;
}

/** What is known of a server before a copy. */
export interface ServerTraits {
  readonly features: Features;
  /** Whether data connections of its control connection are protected. */
  readonly protectsData: boolean;
  /** The control connection's other end. */
  readonly peerAddress: string;
}

/** A way that led nowhere. */
export interface WayFailure {
  readonly way: Way;
  /** Whose control connection told of it first. */
  readonly side: Side;
  /** The verb of the command that was refused; undefined where none was. */
  readonly verb: string | undefined;
  readonly replyCode: number | undefined;
  /** Its stable code. */
  readonly code: string;
}

/**
 * The ways of two servers by what FEAT says of them, the likeliest first: the target listens, which passes more
 * firewalls than the reverse, and the server that connects is the client in TLS, too. Without SSCN or CPSV on either
 * side nothing can be protected (R-4217-43), and the file goes in clear only where that is permitted.
 */
export function waysBetween(
  servers: Readonly<Record<Side, ServerTraits>>,
  { clear }: { readonly clear: boolean },
): readonly Way[] {
  const bothProtect = servers.from.protectsData && servers.to.protectsData;
  // Behind a proxy the address is nobody's here to tell.
  const listeners = (["to", "from"] as const).filter((side) => normaliseAddress(servers[side].peerAddress));
  const secured = bothProtect ? listeners.flatMap((listener) => securedWays(listener, servers)) : [];
  return [...secured, ...(clear ? listeners.map((listener) => ({ listener, secure: undefined })) : [])];
}

function securedWays(listener: Side, servers: Readonly<Record<Side, ServerTraits>>): readonly Way[] {
  const connector = otherSide(listener);
  const offers = (side: Side, verb: "SSCN" | "CPSV"): boolean => servers[side].features.has(verb);
  return [
    ...(offers(connector, "SSCN") ? [{ listener, secure: { client: connector, by: "SSCN" } } as const] : []),
    // Its reply has room for IPv4 alone.
    ...(offers(listener, "CPSV") && isIpv4(servers[listener].peerAddress)
      ? [{ listener, secure: { client: listener, by: "CPSV" } } as const]
      : []),
    ...(offers(listener, "SSCN") ? [{ listener, secure: { client: listener, by: "SSCN" } } as const] : []),
  ];
}

/** The ways that are left after one failed: without it, and without those that must fail for the same reason. */
export function waysAfter(ways: readonly Way[], failure: WayFailure): readonly Way[] {
  const { way, side, verb } = failure;
  const others = ways.filter((one) => one !== way);
  if (verb === "SSCN" || verb === "CPSV") {
    return others.filter(({ secure }) => !(secure?.by === verb && secure.client === side));
  }
  if (verb === "PROT") return others.filter(({ secure }) => (secure === undefined) !== (way.secure === undefined));
  if (isAboutMeeting(failure)) return others.filter(({ listener }) => listener !== way.listener);
  // 522 and its kind: the one does not trust the other's certificate, whoever of them listens.
  if (isAboutTls(failure)) return others.filter(({ secure }) => secure?.client !== way.secure?.client);
  return others;
}

const meetingVerbs: ReadonlySet<string> = new Set(["PASV", "EPSV", "PORT", "EPRT"]);
const meetingCodes = /^SALLYPORT_(?:FOREIGN_ADDRESS|PASSIVE_REPLY_UNREADABLE|NO_DATA_SETUP|FXP_)/;

/** The servers do not find, or will not meet, each other there. */
function isAboutMeeting({ verb, code }: WayFailure): boolean {
  return (verb !== undefined && meetingVerbs.has(verb)) || meetingCodes.test(code);
}

const tlsReplies: ReadonlySet<number> = new Set([431, 521, 522, 533, 534, 535, 536]);

function isAboutTls({ replyCode }: WayFailure): boolean {
  return replyCode !== undefined && tlsReplies.has(replyCode);
}

const fileReplies: ReadonlySet<number> = new Set([450, 451, 452, 530, 532, 550, 551, 552, 553]);

/** Whether no way whatever moves the file: it is not there, may not be read or written, or there is no room. */
export function isAboutFile({ verb, replyCode }: Pick<WayFailure, "verb" | "replyCode">): boolean {
  return (verb === "RETR" || verb === "STOR") && replyCode !== undefined && fileReplies.has(replyCode);
}

export function otherSide(side: Side): Side {
  return side === "from" ? "to" : "from";
}
