import { createRoute, z } from "@hono/zod-openapi";
import { explain, type ExplainEvent, standardPorts, type StrippedClient, strippedClients } from "@sallyport/inspector";
import { streamSSE } from "hono/streaming";
import { setTimeout as delay } from "node:timers/promises";
import { bounds } from "../bounds.ts";
import { clientHost, type GatewayContext, type GatewayParts } from "../environment.ts";
import { GatewayRefusal } from "../problem.ts";
import { pinnedDialer } from "../targets/pinned-dialer.ts";
import { failures, type GatewayApp } from "./describing.ts";

/** Both modes of a server, live: what crosses the wire until somebody could log in. */
export function explanationRoutes(app: GatewayApp, parts: GatewayParts): void {
  app.openapi(explainRoute, async (context) => {
    const { host, explicitPort: explicit, implicitPort: implicit, between } = context.req.valid("query");
    if (parts.servesStrangers && (explicit !== standardPorts.explicit || implicit !== standardPorts.implicit)) {
      // Whoever may choose ports learns what answers on them.
      throw new GatewayRefusal(403, "SALLYPORT_TARGET_REFUSED", "This gateway explains the standard ports alone");
    }
    await parts.rates.login(clientHost(parts, context), host);
    const stripped = between === "none" ? {} : { stripped: between };
    return tell(parts, context, { host, ports: { explicit, implicit }, ...stripped });
  });
}

interface Asked {
  readonly host: string;
  readonly ports: typeof standardPorts;
  /** Shows what such a client does where somebody in between takes AUTH away. */
  readonly stripped?: StrippedClient;
}

/** Each event as it happens, with its octets; the last message says that it is over. */
function tell({ grounds, servesStrangers }: GatewayParts, context: GatewayContext, asked: Asked): Response {
  const { host, ...wishes } = asked;
  return streamSSE(context, async (stream) => {
    const over = new AbortController();
    stream.onAbort(() => over.abort(new Error("nobody watches any more")));
    const { policy, authorities } = grounds;
    const startedMs = performance.now();
    const events = explain(host, {
      ...wishes,
      octets: true,
      dialer: pinnedDialer({ policy }),
      signal: over.signal,
      timeoutMs: bounds.connectMs,
      ...(authorities && { ca: authorities.join("\n") }),
    });
    for await (const event of events) {
      const told = servesStrangers ? withoutReach(event) : event;
      if (told !== event) await delay(Math.max(0, startedMs + bounds.unreachableFloorMs - performance.now()));
      await stream.writeSSE({ data: JSON.stringify(told) });
    }
    await stream.writeSSE({ event: "over", data: "" });
  });
}

/** Which ports are open here is told to nobody: refused, silent and forbidden sound alike. */
function withoutReach(event: ExplainEvent): ExplainEvent {
  if (event.kind !== "problem") return event;
  const { problem } = event;
  const isAboutReach =
    ["name-unknown", "refused", "unreachable"].includes(problem.id) ||
    (problem.id === "silent" && problem.awaited === "connection");
  return isAboutReach ? { ...event, problem: { id: "unreachable", code: "not told" } } : event;
}

const port = z.coerce.number().int().min(1).max(65_535);

const explainRoute = createRoute({
  method: "get",
  path: "/api/explain",
  summary: "Watches both modes of a server's TLS, without logging in",
  request: {
    query: z.object({
      host: z.string().min(1).max(253),
      explicitPort: port.default(standardPorts.explicit),
      implicitPort: port.default(standardPorts.implicit),
      between: z.enum(["none", ...strippedClients]).default("none"),
    }),
  },
  responses: {
    200: {
      description: "Server-sent events, each an event of `sallyport explain --json`; the last is `over`",
      content: { "text/event-stream": { schema: z.string() } },
    },
    ...failures,
  },
});
