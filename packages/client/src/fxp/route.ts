import { displayOctets, isSallyportError, normaliseAddress, type Octets, PeerIncompatible } from "@sallyport/protocol";
import { refusalOf, verbOf } from "../operations/refusal.ts";
import type { ConnectionPool } from "../pool/connection-pool.ts";
import type { DirectFailure } from "./direct.ts";
import { type ServerTraits, type Side, type Way, type WayFailure, waysAfter, waysBetween } from "./ways.ts";

export interface RouteWishes {
  /** Whether a file may go between the servers in clear. */
  readonly clear: boolean;
  readonly addresses: readonly string[];
}

/** What was found out of how two servers reach each other; one that failed is not tried again for the next file. */
export class Route {
  #ways: readonly Way[] | undefined;
  #proved: Way | undefined;
  readonly #because: string[] = [];

  /** Why files go through here, in sentences; empty while a way is left. */
  get because(): readonly string[] {
    return this.#because;
  }

  /** The way to try next; undefined where none is left. */
  next(servers: Readonly<Record<Side, ServerTraits>>, wishes: RouteWishes): Way | undefined {
    if (this.#ways === undefined) {
      this.#ways = waysBetween(servers, wishes);
      if (this.#ways.length === 0) this.#because.push(whyNone(servers));
    }
    return this.#ways[0];
  }

  worked(way: Way): void {
    this.#ways = [way];
    this.#proved = way;
  }

  /** Whether it has brought a whole file. */
  isProved(way: Way): boolean {
    return this.#proved === way;
  }

  failed(way: Way, { side, error }: DirectFailure): void {
    this.#ways = waysAfter(this.#ways ?? [], { ...facts(error), way, side });
    const sentence = `${side === "from" ? "Source" : "Target"}: ${sentenceOf(error)}`;
    if (!this.#because.includes(sentence)) this.#because.push(sentence);
  }
}

/** With what the server said, which tells more than its number. */
function sentenceOf(error: unknown): string {
  const message = error instanceof Error ? error.message : "Something failed";
  const said = displayOctets(refusalOf(error)?.lines.at(-1) ?? ("" as Octets));
  return said === "" ? message : `${message} ${said.slice(0, replyCharacters)}`;
}

const replyCharacters = 200;

/** The failure of a copy that nothing but a direct way was permitted for. */
export function noWay(route: Route): PeerIncompatible {
  const because = route.because.join("; ");
  return new PeerIncompatible("SALLYPORT_FXP_REFUSED", `The servers do not copy from one to the other. ${because}`);
}

export function facts(error: unknown): Pick<WayFailure, "verb" | "replyCode" | "code"> {
  return {
    verb: verbOf(error),
    replyCode: refusalOf(error)?.code,
    code: isSallyportError(error) ? error.code : "",
  };
}

function whyNone({ from, to }: Readonly<Record<Side, ServerTraits>>): string {
  const isKnown = [from, to].some(({ peerAddress }) => normaliseAddress(peerAddress) !== undefined);
  if (!isKnown) return "Behind a proxy the servers' addresses are not known";
  if (from.protectsData && to.protectsData) return "Neither server offers SSCN or CPSV, which protect such a copy";
  return "Between these servers it would go in clear, which was not permitted";
}

const routes = new WeakMap<ConnectionPool, WeakMap<ConnectionPool, Map<string, Route>>>();

/** The route between two servers under the same wishes; the same one for each file. */
export function routeBetween(pools: Readonly<Record<Side, ConnectionPool>>, wishes: RouteWishes): Route {
  const fromHere = routes.get(pools.from) ?? new WeakMap<ConnectionPool, Map<string, Route>>();
  routes.set(pools.from, fromHere);
  const ofPair = fromHere.get(pools.to) ?? new Map<string, Route>();
  fromHere.set(pools.to, ofPair);
  const key = JSON.stringify([wishes.clear, wishes.addresses]);
  const route = ofPair.get(key) ?? new Route();
  ofPair.set(key, route);
  return route;
}
