/** What a browser may show by itself, without being able to run anything of it; everything else is for the disk. */
const shownTypes: Readonly<Record<string, string>> = {
  avif: "image/avif",
  bmp: "image/bmp",
  flac: "audio/flac",
  gif: "image/gif",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  m4a: "audio/mp4",
  mkv: "video/x-matroska",
  mov: "video/quicktime",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  oga: "audio/ogg",
  ogg: "audio/ogg",
  ogv: "video/ogg",
  opus: "audio/ogg",
  pdf: "application/pdf",
  png: "image/png",
  txt: "text/plain; charset=utf-8",
  wav: "audio/wav",
  webm: "video/webm",
  webp: "image/webp",
};

/** The type of a file to be shown; undefined for one that may only be saved. */
function shownType(name: string): string | undefined {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(shownTypes, extension) ? shownTypes[extension] : undefined;
}

/**
 * Headers with which the octets of a server's file are harmless in this origin: nothing is sniffed, nothing in it runs,
 * no other site can embed it (RFC 9110, CSP 3 `sandbox`).
 */
export function fileHeaders(name: string, isShown: boolean): Record<string, string> {
  const type = isShown ? shownType(name) : undefined;
  return {
    "Content-Type": type ?? "application/octet-stream",
    "Content-Disposition": contentDisposition(name, type === undefined ? "attachment" : "inline"),
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
    "Accept-Ranges": "bytes",
  };
}

/** A file's name for a header: a plain one for every browser, and the whole one in UTF-8 (RFC 6266, RFC 8187). */
function contentDisposition(name: string, kind: "attachment" | "inline"): string {
  const whole = name.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}/\\]/gu, "_");
  const plain = whole.replaceAll(/[^\x20-\x7E]|["%]/g, "_");
  const encoded = encodeURIComponent(whole).replaceAll(/['()*]/g, percentEncoded);
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
