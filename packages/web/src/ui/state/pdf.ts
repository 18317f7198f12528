import {
  AnnotationMode,
  getDocument,
  type PDFDocumentProxy,
  PDFDataRangeTransport,
  PasswordException,
  PDFWorker,
  VerbosityLevel,
  version,
} from "pdfjs-dist";
import { workerPolicyName } from "../../api/worker-policy.ts";
import { Problem, readPart, readStart } from "../gateway-client.ts";
import { serverOf } from "./login.ts";
import type { Viewed } from "./viewer.ts";

/** A larger file is for the disk: pdf.js takes as much memory as the file has, though it reads what is shown alone. */
export const pdfBytesMost = 100 * 1024 * 1024;

/** Each page has its place in the document from the beginning. */
export const pdfPagesMost = 2_000;

/** One octet of a picture takes four of memory: 256 MiB. */
const picturePixelsMost = 64 * 1024 * 1024;

/** Each part is a transfer of its own. */
const partBytes = 256 * 1024;

/** Of one login no more transfers than this are for parts of one document. */
const partsAtOnce = 2;

/** What a worker may take to clear up before it is ended. */
const clearUpMs = 1_000;

/** Why a document is not shown, where that is no failure of the server. */
export type PdfRefusal = "tooLarge" | "broken" | "encrypted";

export class PdfRefused extends Error {
  readonly reason: PdfRefusal;

  constructor(reason: PdfRefusal) {
    super(reason);
    this.reason = reason;
  }
}

export const annotations = AnnotationMode.ENABLE;

/**
 * Opens a document: a worker of its own reads it, which ends with `signal`, whatever it is busy with. Of the file only those
 * parts move that are needed. Nothing in it runs: its scripts need a part of pdf.js that is not here.
 *
 * @throws {PdfRefused} too large, broken, or encrypted
 * @throws {Problem} the server's or the gateway's no; when parts that are needed later fail, `onProblem` is told
 */
export async function openPdf(
  file: Viewed,
  onProblem: (error: unknown) => void,
  signal: AbortSignal,
): Promise<PDFDocumentProxy> {
  const source = await sourceOf(file, onProblem);
  signal.throwIfAborted();
  // Where there are Trusted Types, a worker takes nothing else; the language's library does not know them.
  const port = new Worker(workerUrl() as string, { type: "module" });
  const worker = PDFWorker.create({ port, verbosity: VerbosityLevel.ERRORS });
  const task = getDocument({ ...source, ...options, worker });
  const end = async (): Promise<void> => {
    await Promise.race([task.destroy(), new Promise((resolve) => setTimeout(resolve, clearUpMs))]).catch(() => {});
    worker.destroy();
    port.terminate();
  };
  signal.addEventListener("abort", () => void end(), { once: true });
  const { promise: isAway, reject } = Promise.withResolvers<never>();
  port.addEventListener("error", () => reject(new TypeError("the worker did not start")), { once: true });
  try {
    return await Promise.race([task.promise, isAway, ...("range" in source ? [source.range.failed] : [])]);
  } catch (error) {
    void end();
    throw reasonOf(error);
  }
}

const place = `/assets/pdf-${version}/`;

const options = {
  rangeChunkSize: partBytes,
  disableAutoFetch: true,
  disableStream: true,
  disableWorkerRendering: true,
  cMapUrl: `${place}cmaps/`,
  standardFontDataUrl: `${place}standard_fonts/`,
  wasmUrl: `${place}wasm/`,
  useWasm: false,
  useWorkerFetch: false,
  enableXfa: false,
  maxImageSize: picturePixelsMost,
  canvasMaxAreaInBytes: 4 * picturePixelsMost,
  verbosity: VerbosityLevel.ERRORS,
} as const;

/** What browsers with Trusted Types have beside the language's library. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: () => string },
  ): { createScriptURL(url: string): object };
}

/** Whatever is asked of the policy, it answers with this one address. */
const policy = (globalThis as { readonly trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy(workerPolicyName, {
  createScriptURL: () => `${place}pdf.worker.min.mjs`,
});

function workerUrl(): string | object {
  return policy?.createScriptURL("") ?? `${place}pdf.worker.min.mjs`;
}

async function sourceOf(
  file: Viewed,
  onProblem: (error: unknown) => void,
): Promise<{ readonly range: Parts } | { readonly data: Uint8Array }> {
  const { url, sizeBytes } = await serverOf(file.login).download(file.path, true);
  if (sizeBytes !== undefined && sizeBytes > pdfBytesMost) throw new PdfRefused("tooLarge");
  if (sizeBytes === 0) throw new PdfRefused("broken");
  if (sizeBytes !== undefined) return { range: new Parts(file, url, sizeBytes, onProblem) };
  // A server that tells no size gives no parts.
  const { bytes, isWhole } = await readStart(url, pdfBytesMost);
  if (!isWhole) throw new PdfRefused("tooLarge");
  return { data: bytes };
}

/** Reads the parts of a file that the document asks for, few at the same time. */
class Parts extends PDFDataRangeTransport {
  readonly failed: Promise<never>;
  readonly #fail: (error: unknown) => void;
  readonly #file: Viewed;
  #url: string;
  readonly #gone = new AbortController();
  readonly #waiting: (readonly [number, number])[] = [];
  #underWay = 0;

  constructor(file: Viewed, url: string, sizeBytes: number, onProblem: (error: unknown) => void) {
    super(sizeBytes, null);
    this.#file = file;
    this.#url = url;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(onProblem);
    this.failed = promise;
    this.#fail = reject;
  }

  override requestDataRange(start: number, end: number): void {
    this.#waiting.push([start, end]);
    void this.#next();
  }

  override abort(): void {
    this.#gone.abort();
  }

  async #next(): Promise<void> {
    if (this.#underWay >= partsAtOnce) return;
    const part = this.#waiting.shift();
    if (part === undefined || this.#gone.signal.aborted) return;
    this.#underWay++;
    try {
      const bytes = await this.#read(...part);
      if (!this.#gone.signal.aborted) this.onDataRange(part[0], bytes);
    } catch (error) {
      if (!this.#gone.signal.aborted) this.#fail(error);
      this.#gone.abort();
    } finally {
      this.#underWay--;
      void this.#next();
    }
  }

  async #read(start: number, end: number): Promise<Uint8Array> {
    try {
      return await readPart(this.#url, start, end, this.#gone.signal);
    } catch (error) {
      if (!(error instanceof Problem) || error.problem.code !== "SALLYPORT_TICKET_OVER") throw error;
      // Somebody read one page for long.
      const { url } = await serverOf(this.#file.login).download(this.#file.path, true);
      this.#url = url;
      return await readPart(url, start, end, this.#gone.signal);
    }
  }
}

function reasonOf(error: unknown): unknown {
  if (error instanceof Problem || error instanceof PdfRefused) return error;
  if (error instanceof PasswordException) return new PdfRefused("encrypted");
  return error instanceof TypeError ? error : new PdfRefused("broken");
}
