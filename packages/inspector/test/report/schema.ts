import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** The part of JSON Schema (draft 2020-12) that the published schema of a report uses. */
interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
}

const file = new URL("../../../../docs/reference/inspect-report.schema.json", import.meta.url);
const schema = JSON.parse(readFileSync(file, "utf8")) as Schema;

/** Lists where a report departs from the published schema. */
export function departures(value: unknown): readonly string[] {
  return check(value, schema, "report");
}

function check(value: unknown, rules: Schema, at: string): readonly string[] {
  if (rules.$ref !== undefined) {
    const named = schema.$defs?.[rules.$ref.replace("#/$defs/", "")];
    assert.ok(named, rules.$ref);
    return check(value, named, at);
  }
  const faults: string[] = [];
  const types = [rules.type ?? []].flat();
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) faults.push(`${at}: not ${types.join(" or ")}`);
  if (rules.const !== undefined && value !== rules.const) faults.push(`${at}: not ${JSON.stringify(rules.const)}`);
  if (rules.enum && !rules.enum.includes(value)) faults.push(`${at}: none of ${JSON.stringify(rules.enum)}`);
  if (rules.pattern && typeof value === "string" && !new RegExp(rules.pattern).test(value))
    faults.push(`${at}: ${value}`);
  if (typeof value === "number" && (value < (rules.minimum ?? value) || value > (rules.maximum ?? value))) {
    faults.push(`${at}: ${value} is out of range`);
  }
  if (Array.isArray(value)) {
    const { items } = rules;
    return [...faults, ...(items ? value.flatMap((item, index) => check(item, items, `${at}[${index}]`)) : [])];
  }
  return typeof value === "object" && value !== null ? [...faults, ...checkFields(value, rules, at)] : faults;
}

function checkFields(value: object, rules: Schema, at: string): readonly string[] {
  const lacking = (rules.required ?? []).filter((name) => !(name in value)).map((name) => `${at}: lacks ${name}`);
  const fields = Object.entries(value).flatMap(([name, field]) => {
    const own = rules.properties?.[name] ?? rules.additionalProperties;
    if (own === false) return [`${at}: has ${name}, which the schema does not know`];
    return typeof own === "object" ? check(field, own, `${at}.${name}`) : [];
  });
  return [...lacking, ...fields];
}

function isOfType(value: unknown, type: string): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  return type === "object"
    ? typeof value === "object" && value !== null && !Array.isArray(value)
    : typeof value === type;
}
