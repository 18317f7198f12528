import { type FtpUrl, isUrlFailure, parseFtpUrl } from "../url/ftp-url.ts";

/** Reads a field that holds a host and nothing else; undefined where it is none. */
export function hostOfField(text: string): string | undefined {
  const host = text.trim();
  if (/[/@]/.test(host) || host === "") return undefined;
  const url: FtpUrl | { readonly failure: string } = parseFtpUrl(
    host.includes(":") && !host.startsWith("[") ? `[${host}]` : host,
  );
  return isUrlFailure(url) || url.port !== undefined ? undefined : url.host;
}

/** Reads a field that holds a port; undefined where it is none. */
export function portOfField(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}
