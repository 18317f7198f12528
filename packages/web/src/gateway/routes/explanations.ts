import { createRoute, z } from "@hono/zod-openapi";
import { explain, type ExplainEvent, type ExplainOptions, standardPorts, type TlsMode } from "@sallyport/inspector";
import type { Dialer } from "@sallyport/transport";
import { stream } from "hono/streaming";
import { setTimeout as delay } from "node:timers/promises";
import type { ExplanationRequest } from "../../api/api.ts";
import { bounds } from "../bounds.ts";
import { clientHost, type GatewayContext, type GatewayParts } from "../environment.ts";
import { GatewayRefusal } from "../problem.ts";
import * as schemas from "../schemas.ts";
import { Shares } from "../shares.ts";
import { pinnedDialer } from "../targets/pinned-dialer.ts";
import { failures, type GatewayApp, json } from "./describing.ts";

/** Both modes of a server, live: what crosses the wire until somebody could log in, or as somebody does. */
export function explanationRoutes(app: GatewayApp, parts: GatewayParts): void {
  const running = sharesOfExplanations();
  app.openapi(explainRoute, async (context) => {
    const request = context.req.valid("json");
    const { explicitPort, implicitPort } = request;
    const areStandard = explicitPort === standardPorts.explicit && implicitPort === standardPorts.implicit;
    if (parts.servesStrangers && !areStandard) {
      // Whoever may choose ports learns what answers on them.
      throw new GatewayRefusal(403, "SALLYPORT_TARGET_REFUSED", "This gateway explains the standard ports alone");
    }
    await parts.rates.login(clientHost(parts, context), request.host.toLowerCase());
    // A stream has no type for what it carries.
    return tell(parts, context, request, running.begin(clientHost(parts, context))) as never;
  });
}

/** Each event as it happens, with its octets; the last line says that it is over. */
function tell(
  parts: GatewayParts,
  context: GatewayContext,
  request: ExplanationRequest,
  running: Disposable,
): Response {
  context.header("Content-Type", "application/x-ndjson");
  return stream(context, async (writing) => {
    using _ = running;
    const over = new AbortController();
    writing.onAbort(() => over.abort(new Error("nobody watches any more")));
    const startedMs = performance.now();
    const passwords = new OpenPasswords();
    const countRefused = () => parts.rates.refused(clientHost(parts, context), request.host.toLowerCase());
    try {
      for await (const event of explain(request.host, optionsOf(parts, request, over.signal))) {
        if (passwords.refusedBy(event)) await countRefused();
        const told = parts.servesStrangers ? withoutReach(event) : event;
        if (told !== event) await delay(Math.max(0, startedMs + bounds.unreachableFloorMs - performance.now()));
        await writing.write(`${JSON.stringify(told)}\n`);
      }
      await writing.write(`${JSON.stringify({ over: true })}\n`);
    } catch (error) {
      if (!over.signal.aborted) throw error;
    } finally {
      // Whoever leaves may have seen the reply, and would guess for nothing.
      for (let left = passwords.count; left > 0; left--) await countRefused();
    }
  });
}

/** The explanations of the whole gateway. */
export function sharesOfExplanations(): Shares {
  return new Shares({ perHost: bounds.explanationsPerHost, count: bounds.explanationsCount, refusal: tooMany });
}

function tooMany(): GatewayRefusal {
  return new GatewayRefusal(429, "SALLYPORT_TOO_OFTEN", "Too many explanations run: wait for one to end");
}

/** Passwords that went out, one a mode at most, and were neither accepted nor refused yet. */
class OpenPasswords {
  readonly #modes = new Set<TlsMode>();

  get count(): number {
    return this.#modes.size;
  }

  /** Follows an event, and says whether a login was refused by it. */
  refusedBy(event: ExplainEvent): boolean {
    const { kind, mode } = event;
    if (kind === "command" && event.line.startsWith("PASS ")) this.#modes.add(mode);
    if (kind === "reply" && (event.code === 230 || event.code === 202)) this.#modes.delete(mode);
    if (kind !== "problem" || event.problem.id !== "login-refused") return false;
    this.#modes.delete(mode);
    return true;
  }
}

function optionsOf(
  { grounds: { policy, authorities }, servesStrangers }: GatewayParts,
  { explicitPort, implicitPort, between, user, password }: ExplanationRequest,
  signal: AbortSignal,
): ExplainOptions {
  const dialer = pinnedDialer({ policy, controlPorts: [explicitPort, implicitPort] });
  return {
    ports: { explicit: explicitPort, implicit: implicitPort },
    octets: true,
    dialer: servesStrangers ? atOnePace(dialer) : dialer,
    signal,
    timeoutMs: bounds.connectMs,
    ...(between !== "none" && { stripped: between }),
    ...(user !== "" && { credentials: { user, password } }),
    ...(authorities && { ca: authorities.join("\n") }),
  };
}

/** Gives up before the least time that an answer takes: a port that is silent is known no later than one that refuses. */
function atOnePace({ dial }: Dialer): Dialer {
  const mostMs = bounds.unreachableFloorMs - 500;
  return { dial: (target, options) => dial(target, { ...options, timeoutMs: mostMs }) };
}

/** Which ports are open here is told to nobody: refused, silent and forbidden sound alike. */
function withoutReach(event: ExplainEvent): ExplainEvent {
  if (event.kind !== "problem") return event;
  const { problem } = event;
  const isAboutReach =
    ["name-unknown", "refused", "unreachable"].includes(problem.id) ||
    (problem.id === "silent" && problem.awaited === "connection");
  return isAboutReach
    ? { ...event, atMs: bounds.unreachableFloorMs, problem: { id: "unreachable", code: "not told" } }
    : event;
}

const explainRoute = createRoute({
  method: "post",
  path: "/api/explain",
  summary: "Watches both modes of a server's TLS",
  description:
    "With a user it logs in as well, inside TLS and only where the certificate is verified, and fetches a listing over a data connection. The password is kept no longer than that, and masked in what is told.",
  request: { body: json(schemas.explanationRequest) },
  responses: {
    200: {
      description: "An event of `sallyport explain --json` a line; the last line is `over`",
      content: { "application/x-ndjson": { schema: z.string() } },
    },
    ...failures,
  },
});
