import type { Document, DocumentValue } from "./notification.ts";

/**
 * The environment of a program: the fields of the document as `SALLYPORT_…` and nothing of the server's own but a fixed
 * path. Fields that are null, and what no environment can hold, are left out.
 */
export function programEnvironment(document: Document): Record<string, string> {
  return { PATH: "/usr/local/bin:/usr/bin:/bin", LANG: "C.UTF-8", ...variables("SALLYPORT", document) };
}

function variables(prefix: string, document: Document): Record<string, string> {
  return Object.assign(
    {},
    ...Object.entries(document).map(([field, value]) => variable(`${prefix}_${screamingSnake(field)}`, value)),
  ) as Record<string, string>;
}

function variable(name: string, value: DocumentValue): Record<string, string> {
  if (value === null) return {};
  if (typeof value === "object") return variables(name, value);
  const text = String(value);
  return text.includes("\0") ? {} : { [name]: text };
}

function screamingSnake(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
