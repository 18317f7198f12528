import { isIP } from "node:net";
import { isAbsolute } from "node:path";
import { z } from "zod";
import { parseQuantity, quantityExamples, quantityText, type QuantityUnit } from "./quantity.ts";

/** What a setting may be; data, from which schema, flags, documents and files are made. */
export type SettingKind =
  | { readonly is: "switch" }
  | { readonly is: "choice"; readonly values: readonly string[] }
  | { readonly is: "quantity"; readonly unit: QuantityUnit; readonly min: number; readonly max: number }
  | { readonly is: "port" }
  | { readonly is: "bound-port" }
  | { readonly is: "port-range" }
  | { readonly is: "address" }
  | { readonly is: "ipv4-address" }
  | { readonly is: "host-name" }
  | { readonly is: "path" }
  | { readonly is: "line" }
  | { readonly is: "text" };

/** The value of a setting in the one form that is kept, compared and written. */
export type SettingValue = string | number | boolean | readonly string[];

/** The type of a kind's values. */
export type ValueOfKind<Kind extends SettingKind> = Kind extends { readonly is: "switch" }
  ? boolean
  : Kind extends { readonly is: "choice"; readonly values: readonly (infer Value)[] }
    ? Value
    : Kind extends { readonly is: "quantity" | "bound-port" }
      ? number
      : Kind extends { readonly is: "port" }
        ? number | "off"
        : string;

/** What a kind takes, in words that complete "NAME takes …". */
export function allowedText(kind: SettingKind): string {
  if (kind.is === "choice") return kind.values.join(" | ");
  if (kind.is === "quantity") {
    const whole = kind.unit === "count" || kind.unit === "ratio";
    return `${whole ? "a whole number" : quantityExamples[kind.unit]}, from ${quantityText(kind.min, kind.unit)} to ${quantityText(kind.max, kind.unit)}`;
  }
  return allowed[kind.is];
}

/** The schema of one value; what comes out is its one form. */
export function schemaOfKind(kind: SettingKind): z.ZodType<SettingValue> {
  switch (kind.is) {
    case "switch":
      return z.boolean();
    case "choice":
      return z.enum(kind.values);
    case "quantity":
      return z
        .union([z.number(), z.string().min(1)])
        .transform((given, context) => parseQuantity(given, kind.unit) ?? refuse(context))
        .pipe(z.int().min(kind.min).max(kind.max));
    case "port":
      return z.union([z.literal("off"), z.int().min(0).max(65_535)]);
    case "bound-port":
      return z.int().min(0).max(65_535);
    case "address":
    case "host-name":
    case "ipv4-address":
    case "line":
    case "path":
    case "port-range":
    case "text":
      return z
        .string()
        .max(4096)
        .transform((given, context) => readText[kind.is](given) ?? refuse(context));
  }
}

/**
 * What a text from a flag or the environment means to a kind, before its schema judges it: numbers and truth values get
 * their types.
 */
export function fromText(kind: SettingKind, text: string): unknown {
  if (kind.is === "switch") return text === "true" ? true : text === "false" ? false : text;
  const numeric = kind.is === "quantity" || kind.is === "port" || kind.is === "bound-port";
  return numeric && /^\d{1,15}$/.test(text) ? Number(text) : text;
}

/** A value as a person writes it in a file: amounts with their unit. */
export function fileForm(kind: SettingKind, value: SettingValue): SettingValue {
  if (kind.is !== "quantity" || typeof value !== "number") return value;
  const text = quantityText(value, kind.unit);
  return text === String(value) ? value : text;
}

type TextKind = Exclude<SettingKind["is"], "switch" | "choice" | "quantity" | "port" | "bound-port">;

const allowed: Readonly<Record<Exclude<SettingKind["is"], "choice" | "quantity">, string>> = {
  switch: "true or false",
  port: "a port from 1 to 65535, 0 for one that the system chooses, or off",
  "bound-port": "a port from 1 to 65535, or 0 for one that the system chooses",
  "port-range": "two ports from 1024 to 65535 with a hyphen between, as in 50000-50999",
  address: "an IPv4 or IPv6 address, as in 127.0.0.1 or ::1",
  "ipv4-address": "an IPv4 address, as in 192.0.2.1 (reply 227 has no room for another kind)",
  "host-name": "a host name, as in ftp.example.org",
  path: "the path of a file or directory",
  line: "one line of printable ASCII, at most 200 characters",
  text: "some text",
};

const readText: Readonly<Record<TextKind, (text: string) => string | undefined>> = {
  "port-range": (text) => {
    const [, first, last] = /^(\d{4,5}) ?- ?(\d{4,5})$/.exec(text) ?? [];
    const sound = Number(first) >= 1024 && Number(first) <= Number(last) && Number(last) <= 65_535;
    return sound ? `${Number(first)}-${Number(last)}` : undefined;
  },
  address: (text) => {
    const bare = text.replace(/^\[(.*)\]$/, "$1");
    return isIP(bare) === 0 ? undefined : bare;
  },
  "ipv4-address": (text) => (isIP(text) === 4 ? text : undefined),
  "host-name": (text) => (hostName.test(text) ? text.toLowerCase() : undefined),
  path: (text) => (text === "" || text.includes("\0") ? undefined : text),
  line: (text) => (/^[ -~]{1,200}$/.test(text) ? text : undefined),
  text: (text) => (text === "" || /\p{Cc}/u.test(text) ? undefined : text),
};

const hostName = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** A path of a file is meant from where the file lies. */
export function isRelativePath(kind: SettingKind, value: string): boolean {
  return kind.is === "path" && !isAbsolute(value);
}

function refuse(context: z.RefinementCtx): never {
  context.addIssue({ code: "custom", message: "not allowed" });
  return z.NEVER;
}
