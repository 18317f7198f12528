import { viewDirectory } from "#page-directory";
import type { ExplainedHost, ExplainEvent, StrippedClient } from "@sallyport/inspector";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a page plays: a run as it was, and runs with somebody in between who takes AUTH away, as far as there are some. */
export type PageRecordings = { readonly none: readonly ExplainEvent[] } & Partial<
  Readonly<Record<StrippedClient, readonly ExplainEvent[]>>
>;

/**
 * Makes one HTML file of an explanation, which needs nothing but a browser: both modes side by side, played again, with
 * the octets and fields of each record where the events carry their octets.
 *
 * Its policy lets its own script run and nothing else; what the server said is data in it.
 */
export async function explainPage(target: ExplainedHost, recordings: PageRecordings): Promise<string> {
  return pageOf(target, { recordings, policy: "" });
}

/** Makes a page that shows an explanation as it happens, from server-sent events at `source` on the same server. */
export async function liveExplainPage(target: ExplainedHost, source: string): Promise<string> {
  return pageOf(target, { recordings: undefined, source, policy: "; connect-src 'self'" });
}

interface PageContent {
  readonly recordings: PageRecordings | undefined;
  readonly source?: string;
  readonly policy: string;
}

async function pageOf(target: ExplainedHost, { recordings, source, policy }: PageContent): Promise<string> {
  const script = (await readFile(join(await viewDirectory(), "explain-view.js"), "utf8")).replaceAll(
    "</script",
    "<\\/script",
  );
  const carried = JSON.stringify({ target, recordings }).replaceAll("<", "\\u003c");
  const digest = digestOf(script);
  const title = `FTPS of ${escaped(target.host)}, explained`;
  const from = source === undefined ? "" : ` src="${escaped(source)}"`;
  return [
    "<!doctype html>",
    '<html lang="en">',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-${digest}'; style-src 'sha256-${digestOf(style)}'${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${title}</title>`,
    `<style>${style}</style>`,
    `<main><h1>${title}</h1>`,
    `<sallyport-explain${from}><script type="application/json">${carried}</script></sallyport-explain></main>`,
    `<script>${script}</script>`,
    "</html>",
    "",
  ].join("\n");
}

const style =
  ":root{color-scheme:light dark}body{margin:0;background:light-dark(#fff,#12171a);color:light-dark(#172126,#e6edf0);font-family:system-ui,sans-serif}main{max-width:110rem;margin:0 auto;padding:1rem clamp(0rem,1vw,1rem)}h1{font-size:1.35rem;margin:0 1rem}";

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
