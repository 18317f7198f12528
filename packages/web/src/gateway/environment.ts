import { hostKey } from "@sallyport/protocol";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { Login, LoginGround } from "./logins/login.ts";
import type { Visitor, Visitors } from "./logins/visitors.ts";
import type { Rates, Reached, VisitorCookie } from "./guard.ts";
import type { PartsInTurn } from "./files/parts-in-turn.ts";
import type { Tickets } from "./files/tickets.ts";
import { GatewayRefusal } from "./problem.ts";

/** What every request is answered with. */
export interface GatewayParts {
  readonly visitors: Visitors;
  /** Which servers may be reached, and who vouches for them. */
  readonly grounds: LoginGround;
  readonly tickets: Tickets;
  /** Of uploads. */
  readonly partsInTurn: PartsInTurn;
  readonly rates: Rates;
  readonly cookie: VisitorCookie;
  readonly reached: Reached;
  /** Whoever comes may be anybody, so that nobody is told which machines of ours are there. */
  readonly servesStrangers: boolean;
  readonly onFailure: (error: unknown) => void;
}

export interface GatewayEnv {
  Bindings: HttpBindings;
}

export type GatewayContext = Context<GatewayEnv>;

/** The browser that asks. Rejects with GatewayRefusal `SALLYPORT_SIGNED_OUT`. */
export function visitorOf({ visitors, cookie }: GatewayParts, context: GatewayContext): Visitor {
  const visitor = visitors.find(cookie.read(context));
  if (visitor === undefined) throw signedOut();
  return visitor;
}

export function loginOf(parts: GatewayParts, context: GatewayContext): { visitor: Visitor; login: Login } {
  const visitor = visitorOf(parts, context);
  const login = visitor.logins.get(context.req.param("login") ?? "");
  if (login === undefined) throw signedOut();
  return { visitor, login };
}

/** Who asks, as {@link hostKey} tells hosts apart; behind a proxy, whom the proxy nearest to us names. */
export function clientHost({ reached }: GatewayParts, context: GatewayContext): string {
  const direct = context.env.incoming.socket.remoteAddress ?? "";
  if (!reached.isBehindProxy) return hostKey(direct);
  return hostKey(context.req.header("X-Forwarded-For")?.split(",").at(-1)?.trim() || direct);
}

function signedOut(): GatewayRefusal {
  return new GatewayRefusal(401, "SALLYPORT_SIGNED_OUT", "This login is over: sign in again");
}
