import assert from "node:assert/strict";
import type { LoginEvent, LoginJson, LoginRequest, ProblemJson } from "../src/api/api.ts";

/** What a browser does with the gateway's interface, without a page: it keeps the cookie and sends our header. */
export class BrowserHalf {
  readonly origin: string;
  cookie = "";
  readonly #timeoutMs: number;

  constructor(port: number, timeoutMs = 20_000) {
    this.#timeoutMs = timeoutMs;
    this.origin = `http://127.0.0.1:${port}`;
  }

  async send(method: string, path: string, { body, headers = {} }: SendOptions = {}): Promise<Response> {
    const isJson = body !== undefined && !(body instanceof Uint8Array) && !(body instanceof ReadableStream);
    const response = await fetch(`${this.origin}${path}`, {
      method,
      headers: {
        "X-Sallyport": "1",
        Cookie: this.cookie,
        ...(isJson && { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && {
        body: isJson ? JSON.stringify(body) : (body as Uint8Array<ArrayBuffer>),
        duplex: "half",
      }),
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
    const [given] = response.headers.getSetCookie();
    if (given !== undefined) this.cookie = given.split(";", 1)[0] ?? "";
    return response;
  }

  async signIn(request: Partial<LoginRequest>): Promise<LoginJson> {
    const response = await this.send("POST", "/api/logins", {
      body: { user: "alice", password: "secret", ...request },
    });
    const answer: unknown = await response.json();
    assert.equal(response.status, 201, JSON.stringify(answer));
    return answer as LoginJson;
  }

  async post(path: string, body: unknown): Promise<Response> {
    return this.send("POST", path, { body });
  }

  /** A request that must fail; returns why. */
  async refused(response: Promise<Response>, status: number): Promise<ProblemJson> {
    const { status: found, json } = await response.then(async (given) => ({
      status: given.status,
      json: await given.text(),
    }));
    assert.equal(found, status, json);
    return JSON.parse(json) as ProblemJson;
  }

  /** The events of a login, up to the first that fits. */
  async eventsUntil(login: LoginJson, fits: (event: LoginEvent) => boolean): Promise<readonly LoginEvent[]> {
    const response = await this.send("GET", `/api/logins/${login.id}/events`);
    const events: LoginEvent[] = [];
    let rest = "";
    for await (const text of (response.body ?? assert.fail()).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (!line.startsWith("data: ")) continue;
        const event = JSON.parse(line.slice(6)) as LoginEvent;
        events.push(event);
        if (fits(event)) return events;
      }
    }
    assert.fail(`no such event among ${JSON.stringify(events)}`);
  }
}

interface SendOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
