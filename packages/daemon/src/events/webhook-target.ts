import { type ClientRequest, type IncomingMessage, Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { ConfigError, type LimitValues } from "@sallyport/protocol";
import { readPemFile } from "../certificates/index.ts";
import { errorCode } from "../files.ts";
import { type Delivery, type Target, targetKey } from "./target.ts";
import { readWebhookSecret } from "./webhook-secret.ts";
import { webhookHeaders } from "./webhook-signature.ts";

type WebhookLimits = Pick<
  LimitValues,
  "notifyWebhookMs" | "notifyAnswerBytes" | "notifyInFlightCount" | "notifyRetryAfterMaxMs"
>;

export interface WebhookOptions {
  readonly secretFile: string | undefined;
  readonly authoritiesFile: string | undefined;
  readonly agent: string;
  readonly limits: WebhookLimits;
}

/**
 * A URL that notifications are posted to. Certificates are always verified, redirects are not followed and proxies of
 * the environment not used: a notification goes where the administrator said or nowhere. Any 2xx means that it was
 * told, 410 that this one is not wanted; everything else is tried again.
 */
export class WebhookTarget implements Target {
  readonly key: string;
  readonly label: string;
  readonly #url: URL;
  readonly #options: WebhookOptions;
  #secret: Uint8Array | undefined;
  #agent: HttpAgent | HttpsAgent;

  /** @throws {ConfigError} where the secret or the authorities cannot be read. */
  constructor(url: URL, options: WebhookOptions) {
    this.key = targetKey(url.href);
    this.label = url.origin;
    this.#url = url;
    this.#options = options;
    this.#secret = this.#readSecret();
    this.#agent = this.#newAgent();
  }

  async deliver(given: { readonly id: string; readonly body: string }, signal: AbortSignal): Promise<Delivery> {
    const ending = new AbortController();
    const end = () => ending.abort();
    const timer = setTimeout(end, this.#options.limits.notifyWebhookMs);
    signal.addEventListener("abort", end, { once: true });
    try {
      signal.throwIfAborted();
      return await this.#post(given, ending.signal);
    } catch (error) {
      const late = ending.signal.aborted && !signal.aborted;
      const cause = late ? "it did not answer in time" : connectionCause(error);
      return { kind: "failed", scope: "target", cause };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    }
  }

  /** @throws as the constructor. */
  reread(): () => void {
    const [secret, agent] = [this.#readSecret(), this.#newAgent()];
    return () => {
      const old = this.#agent;
      [this.#secret, this.#agent] = [secret, agent];
      // Calls under way go on, on connections that were verified by the old authorities; idle ones are not used again.
      for (const socket of Object.values(old.freeSockets).flat()) socket?.destroy();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
  }

  async #post(given: { readonly id: string; readonly body: string }, signal: AbortSignal): Promise<Delivery> {
    for (;;) {
      const request = this.#request(given, signal);
      try {
        // oxlint-disable-next-line no-await-in-loop -- a second attempt, of which there is at most one
        const answer = await answerTo(request, given.body);
        // oxlint-disable-next-line no-await-in-loop
        await readBounded(answer, this.#options.limits.notifyAnswerBytes);
        return this.#judge(answer);
      } catch (error) {
        // The receiver closed a connection that was kept open, as it may; nothing is wrong with it.
        if (!request.reusedSocket || signal.aborted || errorCode(error) !== "ECONNRESET") throw error;
      }
    }
  }

  #request(given: { readonly id: string; readonly body: string }, signal: AbortSignal): ClientRequest {
    const send = this.#url.protocol === "https:" ? httpsRequest : httpRequest;
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(given.body),
      "user-agent": this.#options.agent,
      ...webhookHeaders(given, this.#secret, Date.now()),
    };
    return send(this.#url, { method: "POST", agent: this.#agent, headers, signal });
  }

  #judge({ statusCode = 0, headers }: IncomingMessage): Delivery {
    const cause = `it answered ${statusCode}`;
    if (statusCode >= 200 && statusCode < 300) return { kind: "delivered" };
    if (statusCode === 410) return { kind: "refused", cause };
    const retryAfterMs = retryAfter(headers["retry-after"], Date.now());
    const isBusy = statusCode === 429 || statusCode >= 500;
    return {
      kind: "failed",
      scope: isBusy ? "target" : "event",
      cause,
      ...(retryAfterMs !== undefined && {
        retryAfterMs: Math.min(retryAfterMs, this.#options.limits.notifyRetryAfterMaxMs),
      }),
    };
  }

  #readSecret(): Uint8Array | undefined {
    const { secretFile } = this.#options;
    return secretFile === undefined ? undefined : readWebhookSecret(secretFile);
  }

  /** An agent of our own: Node's global one may have been told of proxies. */
  #newAgent(): HttpAgent | HttpsAgent {
    const { authoritiesFile, limits } = this.#options;
    const options = { keepAlive: true, maxSockets: limits.notifyInFlightCount, timeout: limits.notifyWebhookMs };
    if (this.#url.protocol === "http:") return new HttpAgent(options);
    const ca = authoritiesFile === undefined ? {} : { ca: readPemFile(authoritiesFile, "certificate") };
    return new HttpsAgent({ ...options, ...ca });
  }
}

/**
 * Reads the URL of a webhook.
 *
 * @throws {ConfigError} SALLYPORT_NOTIFY_URL.
 */
export function webhookUrl(text: string, { plainHttp = false }: { readonly plainHttp?: boolean }): URL {
  const url = URL.parse(text);
  if (url === null || !["https:", "http:"].includes(url.protocol)) {
    throw complaint("A target of --notify is neither an absolute path nor an https URL: give one of them");
  }
  if (url.protocol === "http:" && !plainHttp && !isLoopback(url.hostname)) {
    throw complaint(
      `The webhook at ${url.origin} would go over the network in the clear: use https, or allow it with --notify-plain-http`,
    );
  }
  return url;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function complaint(what: string): ConfigError {
  return new ConfigError("SALLYPORT_NOTIFY_URL", `${what}.`);
}

function answerTo(request: ClientRequest, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    request.on("error", reject);
    request.end(body);
  });
}

/** Reads an answer to its end, so that the connection can be used again; one that is too long is cut off. */
async function readBounded(answer: IncomingMessage, bytesMax: number): Promise<void> {
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).length;
    if (bytes > bytesMax) return;
  }
}

/** Seconds or a date (RFC 9110 §10.2.3). */
function retryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return ms > 0 ? ms : undefined;
}

function connectionCause(error: unknown): string {
  const code = errorCode(error);
  return code === "unknown error" && error instanceof Error ? error.message : `the connection failed (${code})`;
}
