import type { Context } from "hono";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

interface PageFile {
  readonly type: string;
  readonly bytes: Buffer<ArrayBuffer>;
  /** Made when it is asked for first: most of the page is for few. */
  compressed?: Buffer<ArrayBuffer>;
}

const types: Readonly<Record<string, string>> = {
  ".bcmap": "application/octet-stream",
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".pfb": "application/octet-stream",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
};

/** The page itself, read once from where it was built. */
export class Page {
  readonly #files = new Map<string, PageFile>();

  /** `directory` holds index.html, and assets whose names change with their content. */
  constructor(directory: string) {
    for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
      const type = types[extname(name)];
      if (type === undefined) continue;
      const bytes = readFileSync(join(directory, name));
      this.#files.set(`/${name.replaceAll("\\", "/")}`, { type, bytes });
    }
  }

  answer(context: Context): Response | Promise<Response> {
    const { path } = context.req;
    const file = this.#files.get(path === "/" ? "/index.html" : path);
    if (file === undefined) return context.notFound();
    const isLasting = path.startsWith("/assets/");
    context.header("Content-Type", file.type);
    context.header("Cache-Control", isLasting ? "public, max-age=31536000, immutable" : "no-cache");
    context.header("Vary", "Accept-Encoding");
    if (!/\bbr\b/.test(context.req.header("Accept-Encoding") ?? "")) return context.body(file.bytes);
    context.header("Content-Encoding", "br");
    file.compressed ??= brotliCompressSync(file.bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
    return context.body(file.compressed);
  }
}
