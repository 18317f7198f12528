import type { Client } from "@sallyport/client";
import { glyphTables, paint } from "@sallyport/inspector/terminal";
import { type Drawing, withoutMiddle } from "../terminal/table.ts";
import { visibleText } from "../terminal/visible-text.ts";
import type { Place } from "./place.ts";

/** What stands before the line that is typed: how it is protected, who is where. */
export function promptText({ connection, directory }: Place, drawing: Drawing): string {
  if (connection === undefined) return "sallyport> ";
  const { client, url } = connection;
  const host = url.host.includes(":") ? `[${url.host}]` : url.host;
  const port = url.port === undefined ? "" : `:${url.port}`;
  const who = visibleText(`${url.user === undefined ? "" : `${url.user}@`}${host}${port}`);
  const { more } = glyphTables[drawing.glyphs];
  const where = withoutMiddle(visibleText(directory === "" ? "." : directory), Math.max(12, drawing.width / 3), more);
  return `${protection(client, drawing)} ${who} ${paint(where, "strong", drawing.colour)}> `;
}

function protection({ tls }: Client, { glyphs, colour }: Drawing): string {
  const { open, closed } = glyphTables[glyphs];
  return tls === undefined
    ? paint(`${open} CLEAR`, "clear", colour)
    : paint(`${closed} ${tls.protocol.replace("v", " ")}`, "encrypted", colour);
}
