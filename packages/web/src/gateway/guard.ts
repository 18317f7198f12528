import type { Context, MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { isIP } from "node:net";
import { workerPolicyName } from "../api/worker-policy.ts";
import { bounds } from "./bounds.ts";
import { GatewayRefusal } from "./problem.ts";

/** Under which names and through what a gateway is reached. */
export interface Reached {
  /** What the browser's address bar shows, as in `https://files.example.test`; undefined: by the address it listens on. */
  readonly publicUrl: string | undefined;
  readonly listen: string;
  readonly isTls: boolean;
  readonly isBehindProxy: boolean;
}

/** The one header that a form of another site cannot send. */
const ownHeader = "X-Sallyport";

/** Answers under our own names alone: a foreign name that was made to lead here (DNS rebinding) gets nothing. */
export function ownNameOnly(reached: Reached): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header("Host") ?? "";
    if (!isOurHost(host, reached))
      throw new GatewayRefusal(421, "SALLYPORT_HOST_UNKNOWN", "This gateway has another name");
    await next();
  };
}

/** Lets requests of our page through and no others: what changes something must carry our header, too (CSRF). */
export function ownPageOnly(reached: Reached): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header("Host") ?? "";
    const site = context.req.header("Sec-Fetch-Site");
    const origin = context.req.header("Origin");
    const isOurs =
      (site === undefined || site === "same-origin" || (site === "none" && isRead(context))) &&
      (origin === undefined || origin === originOf(host, reached));
    const carriesHeader = context.req.header(ownHeader) !== undefined;
    if (!isOurs || (!isRead(context) && !carriesHeader)) {
      throw new GatewayRefusal(403, "SALLYPORT_FOREIGN_REQUEST", "Only the gateway's own page may ask for that");
    }
    await next();
  };
}

/** Whether the page may run: nothing but its own files, no frame around it, no script that is text. */
export const pageHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  const { headers } = context.res;
  if (!headers.has("Content-Security-Policy")) headers.set("Content-Security-Policy", pagePolicy);
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  if (!headers.has("Cross-Origin-Resource-Policy")) headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("Permissions-Policy", "camera=(), microphone=(), geolocation=()");
};

const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "media-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  `trusted-types ${workerPolicyName}`,
].join("; ");

/** The browser's half of its secrets. */
export class VisitorCookie {
  readonly #isSecure: boolean;

  constructor({ publicUrl, isTls }: Reached) {
    this.#isSecure = isTls || publicUrl?.startsWith("https:") === true;
  }

  read(context: Context): string | undefined {
    return getCookie(context, this.#name);
  }

  write(context: Context, value: string): void {
    setCookie(context, this.#name, value, { path: "/", httpOnly: true, sameSite: "Strict", secure: this.#isSecure });
  }

  clear(context: Context): void {
    const gone = { path: "/", httpOnly: true, sameSite: "Strict", secure: this.#isSecure, maxAge: 0 } as const;
    setCookie(context, this.#name, "", gone);
  }

  /** Browsers take the prefix over TLS alone; without it this is loopback HTTP. */
  get #name(): string {
    return this.#isSecure ? "__Host-sallyport" : "sallyport";
  }
}

/** How often one address may ask, log in, be refused, and at how many servers. */
export class Rates {
  readonly #requests = new RateLimiterMemory({ points: bounds.requestsPerMinute, duration: 60 });
  readonly #logins = new RateLimiterMemory({ points: bounds.loginsPerMinute, duration: 60 });
  readonly #refusals = new RateLimiterMemory({ points: bounds.refusalsPerQuarter, duration: 900 });
  readonly #allRefusals = new RateLimiterMemory({ points: bounds.allRefusalsPerQuarter, duration: 900 });
  readonly #targets = new RateLimiterMemory({ points: bounds.targetLoginsPerMinute, duration: 60 });
  readonly #hosts = new RateLimiterMemory({ points: bounds.hostsPerHour, duration: 3600 });
  readonly #seen = new RateLimiterMemory({ points: 1, duration: 3600 });

  async request(client: string): Promise<void> {
    await take(this.#requests, client);
  }

  async login(client: string, host: string): Promise<void> {
    for (const refused of [await this.#refusals.get(`${client} ${host}`), await this.#allRefusals.get(client)]) {
      if (refused !== null && refused.remainingPoints <= 0) throw tooOften(refused.msBeforeNext);
    }
    await take(this.#logins, client);
    await take(this.#targets, host);
    if ((await this.#seen.get(`${client} ${host}`)) !== null) return;
    await take(this.#hosts, client);
    await this.#seen.set(`${client} ${host}`, 1, 3600);
  }

  async refused(client: string, host: string): Promise<void> {
    await this.#refusals.consume(`${client} ${host}`).catch(() => {});
    // A host has many spellings.
    await this.#allRefusals.consume(client).catch(() => {});
  }
}

async function take(limiter: RateLimiterMemory, key: string): Promise<void> {
  await limiter.consume(key).catch((state: unknown) => {
    throw tooOften((state as { readonly msBeforeNext?: number }).msBeforeNext ?? 1000);
  });
}

function tooOften(waitMs: number): GatewayRefusal {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new GatewayRefusal(429, "SALLYPORT_TOO_OFTEN", `That was too often: try again in ${seconds} s`);
}

function isRead({ req }: Context): boolean {
  return req.method === "GET" || req.method === "HEAD";
}

function originOf(host: string, { publicUrl, isTls }: Reached): string {
  return publicUrl === undefined ? `${isTls ? "https" : "http"}://${host}` : new URL(publicUrl).origin;
}

function isOurHost(host: string, { publicUrl, listen }: Reached): boolean {
  if (publicUrl !== undefined && new URL(publicUrl).host === host) return true;
  const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  if (publicUrl !== undefined) return false;
  return name === "localhost" || name === listen || (isIP(name) !== 0 && isEveryAddress(listen)) || isLoopback(name);
}

function isEveryAddress(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

export function isLoopback(address: string): boolean {
  return address === "::1" || /^127\.\d+\.\d+\.\d+$/.test(address);
}
