import type {
  CopyJson,
  CopyRequest,
  DownloadJson,
  EntryJson,
  ExplanationRequest,
  HashJson,
  ListingLine,
  LoginJson,
  LoginRequest,
  ProblemJson,
  SearchLine,
  UploadJson,
  UploadRequest,
} from "../api/api.ts";
import type { GatewayOffer } from "../api/wishes.ts";
import type { ExplainEvent } from "@sallyport/inspector/model";

/** What the gateway or a server answered with a no. */
export class Problem extends Error {
  readonly status: number;
  readonly problem: ProblemJson;

  constructor(status: number, problem: ProblemJson) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
  }
}

/** The header that tells the gateway that its own page asks. */
export const ownHeaders = { "X-Sallyport": "1" } as const;

export function signIn(request: LoginRequest, signal: AbortSignal): Promise<LoginJson> {
  return ask("POST", "/api/logins", request, signal);
}

export function gatewayOffer(): Promise<GatewayOffer> {
  return ask("GET", "/api/offer");
}

export function logins(): Promise<readonly LoginJson[]> {
  return ask("GET", "/api/logins");
}

/** Both modes of a server, event by event as it happens. */
export async function* explanation(request: ExplanationRequest, signal: AbortSignal): AsyncGenerator<ExplainEvent> {
  const answer = await send("POST", "/api/explain", { body: request, signal });
  for await (const line of linesOf(answer)) {
    const told = JSON.parse(line) as ExplainEvent | { readonly over: true };
    if ("over" in told) return;
    yield told;
  }
  throw new Problem(502, { code: "SALLYPORT_GATEWAY_FAILED", message: "The explanation broke off." });
}

/** One login's server, as the page uses it. */
export class Server {
  readonly #base: string;

  constructor(login: string) {
    this.#base = `/api/logins/${login}`;
  }

  get eventsUrl(): string {
    return `${this.#base}/events`;
  }

  signOut(): Promise<void> {
    return ask("DELETE", this.#base);
  }

  stat(path: string): Promise<EntryJson> {
    return ask("POST", `${this.#base}/stat`, { path });
  }

  rename(from: string, to: string): Promise<void> {
    return ask("POST", `${this.#base}/rename`, { from, to });
  }

  remove(path: string, recursive: boolean): Promise<void> {
    return ask("POST", `${this.#base}/remove`, { path, recursive });
  }

  makeDirectory(path: string): Promise<void> {
    return ask("POST", `${this.#base}/directories`, { path });
  }

  changeMode(path: string, mode: number): Promise<void> {
    return ask("POST", `${this.#base}/mode`, { path, mode });
  }

  hash(path: string): Promise<HashJson> {
    return ask("POST", `${this.#base}/hash`, { path });
  }

  download(path: string, shown = false): Promise<DownloadJson> {
    return ask("POST", `${this.#base}/downloads`, { path, shown });
  }

  beginUpload(request: UploadRequest): Promise<UploadJson> {
    return ask("POST", `${this.#base}/uploads`, request);
  }

  /** An address for several entries as one ZIP file. */
  archive(directory: string, names: readonly string[]): Promise<DownloadJson> {
    return ask("POST", `${this.#base}/archives`, { directory, names });
  }

  copy(request: CopyRequest): Promise<CopyJson> {
    return ask("POST", `${this.#base}/copies`, request);
  }

  cancelCopy(id: string): Promise<void> {
    return ask("DELETE", `${this.#base}/copies/${id}`);
  }

  /** What is found below a directory, as it is found. */
  async *search(path: string, text: string, signal: AbortSignal): AsyncGenerator<SearchLine> {
    const answer = await send("POST", `${this.#base}/search`, { body: { path, text }, signal });
    for await (const line of linesOf(answer)) yield JSON.parse(line) as SearchLine;
  }

  /** Entries as they come, a piece at a time. */
  async *list(path: string, signal: AbortSignal): AsyncGenerator<readonly EntryJson[]> {
    const answer = await send("POST", `${this.#base}/list`, { body: { path }, signal });
    for await (const line of linesOf(answer)) {
      const told = JSON.parse(line) as ListingLine;
      if ("failure" in told) throw new Problem(502, told.failure);
      if ("end" in told) return;
      yield told.entries;
    }
    throw new Problem(502, { code: "SALLYPORT_LISTING_CUT", message: "The listing broke off." });
  }
}

/** Sends what is left of an upload; true where the server has all of it then. */
export async function sendUpload(url: string, offset: number, content: Blob): Promise<boolean> {
  const answer = await fetch(url, {
    method: "PATCH",
    headers: { ...ownHeaders, "Content-Type": "application/octet-stream", "Upload-Offset": String(offset) },
    body: content.slice(offset),
  });
  if (!answer.ok) throw await refusalOf(answer);
  const { isWhole } = (await answer.json()) as { readonly isWhole?: boolean };
  return isWhole === true;
}

/** The first octets of a file, at most so many, and whether that is all of it. */
export async function readStart(url: string, most: number): Promise<{ bytes: Uint8Array; isWhole: boolean }> {
  const answer = await fetch(url, { headers: { ...ownHeaders, Range: `bytes=0-${most - 1}` } });
  // An empty file has no first octet.
  if (answer.status === 416) return { bytes: new Uint8Array(0), isWhole: true };
  if (!answer.ok) throw await refusalOf(answer);
  const whole = /\/(\d+)$/.exec(answer.headers.get("Content-Range") ?? "")?.[1];
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return {
    bytes: bytes.subarray(0, most),
    isWhole: bytes.length <= most && (whole === undefined || Number(whole) <= most),
  };
}

/** A part of a file, from one octet up to another. */
export async function readPart(url: string, start: number, end: number, signal: AbortSignal): Promise<Uint8Array> {
  const answer = await fetch(url, { headers: { ...ownHeaders, Range: `bytes=${start}-${end - 1}` }, signal });
  if (!answer.ok) throw await refusalOf(answer);
  const bytes = answer.status === 206 ? new Uint8Array(await answer.arrayBuffer()) : undefined;
  if (bytes?.length === end - start) return bytes;
  await answer.body?.cancel().catch(() => {});
  throw new Problem(502, { code: "SALLYPORT_DATA_TRUNCATED", message: "The file is no longer as long as it was." });
}

export function discardUpload(url: string): Promise<void> {
  return ask("DELETE", url);
}

/** Any failure in the form that the page shows. */
export function problemOf(error: unknown): ProblemJson {
  if (error instanceof Problem) return error.problem;
  return {
    code: "SALLYPORT_GATEWAY_AWAY",
    message: "The gateway does not answer: is it still running, and this machine online?",
  };
}

async function ask<Answer>(method: string, url: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
  const answer = await send(method, url, { body, signal });
  return (answer.status === 204 ? undefined : await answer.json()) as Answer;
}

async function send(
  method: string,
  url: string,
  { body, signal }: { readonly body?: unknown; readonly signal?: AbortSignal | undefined },
): Promise<Response> {
  const answer = await fetch(url, {
    method,
    headers: { ...ownHeaders, ...(body !== undefined && { "Content-Type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  if (answer.ok) return answer;
  throw await refusalOf(answer);
}

async function refusalOf(answer: Response): Promise<Problem> {
  const unknown = { code: "SALLYPORT_GATEWAY_FAILED", message: `The gateway answered ${answer.status}.` };
  return new Problem(answer.status, await answer.json().catch(() => unknown));
}

async function* linesOf(answer: Response): AsyncGenerator<string> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
}
