import { viewDirectory } from "#page-directory";
import type { ExplainedHost, ExplainEvent } from "@sallyport/inspector";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Makes one HTML file of an explanation, which needs nothing but a browser: both modes side by side, played again, with
 * the octets and fields of each record where the events carry their octets.
 *
 * Its policy lets its own script run and nothing else; what the server said is data in it.
 */
export async function explainPage(target: ExplainedHost, events: readonly ExplainEvent[]): Promise<string> {
  const script = (await readFile(join(await viewDirectory(), "explain-view.js"), "utf8")).replaceAll(
    "</script",
    "<\\/script",
  );
  const recording = JSON.stringify({ target, events }).replaceAll("<", "\\u003c");
  const digest = createHash("sha256").update(script).digest("base64");
  const title = `FTPS of ${escaped(target.host)}, explained`;
  return [
    "<!doctype html>",
    '<html lang="en">',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-${digest}'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${title}</title>`,
    `<main><h1>${title}</h1>`,
    `<sallyport-explain><script type="application/json">${recording}</script></sallyport-explain></main>`,
    `<script>${script}</script>`,
    "</html>",
    "",
  ].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
