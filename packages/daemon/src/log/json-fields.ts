import { displayOctets, type Octets } from "@sallyport/protocol";
import type { ServiceEvent } from "./service-event.ts";

/**
 * The fields of an event as a JSON line has them: names and lines as people read them, errors with their stack.
 * Connection and address come first, because filters read lines from the left (S-09). Every value is one that JSON has.
 */
export function jsonFields(event: ServiceEvent): Record<string, unknown> {
  const values: Readonly<Record<string, unknown>> = { ...event };
  const fields: Record<string, unknown> = {
    time: new Date(event.atMs).toISOString(),
    event: event.kind,
    connection: values["connection"],
    remoteAddress: values["remoteAddress"],
  };
  for (const name of Object.keys(values)) {
    if (!handledApart.has(name)) fields[name] = jsonValue(name, values[name]);
  }
  return fields;
}

/** What stands in front, and what other lines of the connection have said. */
const handledApart = new Set(["kind", "atMs", "connection", "remoteAddress", "controlTls", "controlSecurity", "home"]);

const octetFields = new Set(["path", "newPath", "line"]);

function jsonValue(name: string, value: unknown): unknown {
  // The clock's nanoseconds are noise.
  if (typeof value === "number") return name.endsWith("Ms") ? Math.round(value * 10) / 10 : value;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fields of these names hold octets
  if (typeof value === "string") return octetFields.has(name) ? displayOctets(value as Octets) : value;
  if (value instanceof Error) return { type: value.name, message: value.message, stack: value.stack };
  // Anything can be thrown, also what JSON cannot hold.
  return name === "error" ? String(value) : value;
}
