import { createRoute, z } from "@hono/zod-openapi";
import { parseFtpUrl, isUrlFailure, isSallyportError } from "@sallyport/client";
import { streamSSE } from "hono/streaming";
import { setTimeout as delay } from "node:timers/promises";
import type { LoginRequest } from "../../api/api.ts";
import { bounds } from "../bounds.ts";
import { clientHost, type GatewayContext, type GatewayParts, loginOf } from "../environment.ts";
import { GatewayRefusal } from "../problem.ts";
import { login as loginSchema, loginRequest } from "../schemas.ts";
import { failures, type GatewayApp, inLogin, json } from "./describing.ts";

/** Signing in and out, and what happens behind a login. */
export function loginRoutes(app: GatewayApp, parts: GatewayParts): void {
  app.openapi(signInRoute, async (context) => {
    const login = await signIn(parts, context, context.req.valid("json"));
    return context.json(login, 201);
  });
  app.openapi(offerRoute, (context) => context.json(parts.grounds.offer, 200));
  app.openapi(listRoute, (context) => {
    const visitor = parts.visitors.find(parts.cookie.read(context));
    return context.json(
      [...(visitor?.logins.values() ?? [])].map(({ facts }) => facts),
      200,
    );
  });
  app.openapi(signOutRoute, async (context) => {
    const { visitor, login } = loginOf(parts, context);
    await parts.visitors.signOut(visitor, login, "signed-out");
    if (visitor.logins.size === 0) parts.cookie.clear(context);
    return context.body(null, 204);
  });
  app.openapi(signOutAllRoute, async (context) => {
    const visitor = parts.visitors.find(parts.cookie.read(context));
    const logins = visitor === undefined ? [] : [...visitor.logins.values()];
    for (const login of logins) if (visitor) await parts.visitors.signOut(visitor, login, "signed-out");
    parts.cookie.clear(context);
    return context.body(null, 204);
  });
  app.openapi(eventsRoute, (context) => {
    const { login } = loginOf(parts, context);
    if (login.events.isFull) throw new GatewayRefusal(429, "SALLYPORT_TOO_OFTEN", "Too many pages watch this login");
    return streamSSE(context, async (stream) => {
      const over = new AbortController();
      stream.onAbort(() => over.abort());
      const alive = setInterval(() => void stream.write(": alive\n\n"), aliveMs);
      try {
        for await (const event of login.events.listen(over.signal)) {
          await stream.writeSSE({ data: JSON.stringify(event) });
        }
      } finally {
        clearInterval(alive);
      }
    });
  });
}

const aliveMs = 20_000;

async function signIn(parts: GatewayParts, context: GatewayContext, request: LoginRequest) {
  const url = parseFtpUrl(request.address);
  if (isUrlFailure(url)) throw new GatewayRefusal(400, "SALLYPORT_URL_INVALID", url.failure);
  const client = clientHost(parts, context);
  const left = leaving(context);
  const startedMs = performance.now();
  const host = url.host.toLowerCase();
  await parts.rates.login(client, host);
  try {
    const cookieBefore = parts.cookie.read(context);
    const { login, cookie } = await parts.visitors.signIn(cookieBefore, request, { host: client, left });
    parts.cookie.write(context, cookie);
    return login.facts;
  } catch (error) {
    if (isSallyportError(error) && error.code === "SALLYPORT_LOGIN_REFUSED") await parts.rates.refused(client, host);
    if (!parts.servesStrangers || !isAboutReach(error)) throw error;
    await delay(Math.max(0, startedMs + bounds.unreachableFloorMs - performance.now()));
    throw new GatewayRefusal(502, "SALLYPORT_UNREACHABLE", "That server cannot be reached from here", { cause: error });
  }
}

/** Aborted once the browser waits no longer: a login that it knows nothing of could be ended by nobody. */
function leaving({ req }: GatewayContext): AbortSignal {
  const left = new AbortController();
  const refusal = new GatewayRefusal(400, "SALLYPORT_REQUEST_INVALID", "Nobody waits for this login any more");
  const { signal } = req.raw;
  if (signal.aborted) left.abort(refusal);
  signal.addEventListener("abort", () => left.abort(refusal), { once: true });
  return left.signal;
}

/** Which ports are open here is told to nobody: refused, silent and forbidden sound alike. */
function isAboutReach(error: unknown): boolean {
  return (
    isSallyportError(error) && /^SALLYPORT_(?:CONNECT_|HOST_UNKNOWN|TARGET_REFUSED|REPLY_TIMEOUT)/.test(error.code)
  );
}

const signInRoute = createRoute({
  method: "post",
  path: "/api/logins",
  summary: "Connects to a server and logs in",
  description:
    "A certificate that nobody vouches for is a 409 with the certificate; sent again with its `pin`, that key alone is accepted. The password is kept encrypted with a key that only the cookie has.",
  request: { body: json(loginRequest) },
  responses: { 201: { description: "The login", ...json(loginSchema) }, ...failures },
});

const offerRoute = createRoute({
  method: "get",
  path: "/api/offer",
  summary: "What may be wished for here beyond what every gateway does",
  responses: {
    200: { description: "The offer", ...json(z.object({ proxies: z.boolean(), kerberos: z.boolean().optional() })) },
    ...failures,
  },
});

const listRoute = createRoute({
  method: "get",
  path: "/api/logins",
  summary: "Lists the logins of this browser",
  responses: { 200: { description: "Logins", ...json(z.array(loginSchema)) }, ...failures },
});

const signOutRoute = createRoute({
  method: "delete",
  path: "/api/logins/{login}",
  summary: "Ends a login: its connections close, its password is forgotten",
  request: inLogin,
  responses: { 204: { description: "Done" }, ...failures },
});

const signOutAllRoute = createRoute({
  method: "delete",
  path: "/api/logins",
  summary: "Ends all logins of this browser",
  responses: { 204: { description: "Done" }, ...failures },
});

const eventsRoute = createRoute({
  method: "get",
  path: "/api/logins/{login}/events",
  summary: "The dialogue with the server, secrets masked, and the progress of transfers",
  request: inLogin,
  responses: {
    200: {
      description: "Server-sent events, each a LoginEvent",
      content: { "text/event-stream": { schema: z.string() } },
    },
    ...failures,
  },
});
