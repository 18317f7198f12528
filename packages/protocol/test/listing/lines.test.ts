import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ListingReader, octetsFromText, type ParsedEntry, parseListingLine } from "@sallyport/protocol";
import { furtherLines } from "./further-lines.ts";
import { ownLines, type OwnLine } from "./own-lines.ts";
import { octets, said } from "./said.ts";

test("R-LIST-06 listings: every line written from the formats' descriptions says what its description means", () => {
  assert.ok(ownLines.length >= 100);
  const wrong = ownLines.flatMap((line) => ownDifference(line));
  assert.deepEqual(wrong, []);
});

test("R-LIST-06 listings: lines of dialects that became known later", () => {
  assert.deepEqual(
    furtherLines.flatMap((line) => ownDifference(line)),
    [],
  );
});

test("R-LIST-06 listings: every record of the corpus, each in the listing that it comes from", () => {
  const listings = Map.groupBy(
    corpus.map((record, index) => ({ ...record, index })),
    listingOf,
  );
  const wrong = [...listings.values()].flatMap((records) => corpusDifferences(records));
  assert.equal(corpus.length, 200);
  assert.deepEqual(wrong, []);
});

interface CorpusRecord {
  readonly system: string;
  readonly line: string;
  readonly source: string;
  readonly note?: string;
  readonly expect: {
    readonly type: string;
    readonly name?: string;
    readonly size?: number | null;
    readonly modify?: string;
    readonly permissions?: string;
    readonly owner?: string;
    readonly ownerGroup?: string;
    readonly target?: string;
    readonly version?: number;
    readonly vmsProtection?: string;
    readonly netwareRights?: string;
    readonly blocks?: number;
    readonly dsorg?: string;
    readonly recfm?: string;
    readonly records?: number;
    readonly device?: string;
  };
}

type Indexed = CorpusRecord & { readonly index: number };

const corpus = (
  JSON.parse(readFileSync(new URL("list-corpus.json", import.meta.url), "utf8")) as {
    readonly entries: readonly CorpusRecord[];
  }
).entries;

function ownDifference({ line, expect, format, latin1 }: OwnLine): unknown[] {
  const reader = new ListingReader({ command: format === "MLSx" ? "MLSD" : "LIST" });
  const sent = octets(`${line}\r\n`, latin1);
  const entries = [...reader.push(sent), ...reader.end()];
  if (expect === "skip" || expect === "unparsed") {
    const actual = entries.length > 0 ? "entry" : reader.unparsed.count > 0 ? "unparsed" : "skip";
    return actual === expect ? [] : [{ line, expect, actual: entries.map(said) }];
  }
  const isDot = expect.type === "current-directory" || expect.type === "parent-directory";
  const dot = isDot ? parseListingLine(octets(line), { isMlsx: format === "MLSx" }) : undefined;
  const actual = isDot ? (dot === undefined ? [] : [dot]) : entries;
  if (isDot && entries.length > 0) return [{ line, expect: "dropped" }];
  return difference(line, { ...expect, name: octets(expect.name, latin1) }, actual);
}

function difference(line: string, expect: object, actual: readonly ParsedEntry[]): unknown[] {
  const [entry] = actual;
  if (entry === undefined || actual.length !== 1) return [{ line, expect, actual: actual.map(said) }];
  const says: Record<string, unknown> = said(entry);
  const wrong = Object.entries(expect).filter(([field, value]) => !Object.is(says[field], value));
  return wrong.length === 0 ? [] : [{ line, wrong, says }];
}

/** Dates of IBM i are in the order of one server, which the notes tell; all others stand by themselves. */
function listingOf({ system, source, note, index }: Indexed): string {
  const order = /^(?:yy|mm|dd).(?:yy|mm|dd).(?:yy|mm|dd) here/.exec(note ?? "")?.[0];
  return system.startsWith("IBM AS/400") && order !== undefined ? `${source} ${order}` : String(index);
}

function corpusDifferences(records: readonly Indexed[]): unknown[] {
  const [first] = records;
  if (first === undefined) return [];
  const reader = new ListingReader({ command: first.system.startsWith("MLSD") ? "MLSD" : "LIST", nowMs });
  const entries = records.flatMap(({ line }) => [...reader.push(octets(`${line}\r\n`))]);
  entries.push(...reader.end());
  if (records.length > 1) {
    return records.flatMap((record, at) => recordDifference(record, entries.slice(at, at + 1)));
  }
  return recordDifference(first, entries);
}

const nowMs = Date.UTC(2026, 0, 1);

function recordDifference(record: Indexed, entries: readonly ParsedEntry[]): unknown[] {
  const { expect, line, index } = record;
  const label = `${index} ${line}`;
  if (expect.type === "skip") return entries.length === 0 ? [] : [{ label, actual: entries.map(said) }];
  if (expect.type === "reject-or-name-only") {
    const isFine = entries.every(({ name, time }) => line.endsWith(name) && (time === undefined || index === 99));
    return isFine ? [] : [{ label, actual: entries.map(said) }];
  }
  const isDot = expect.type.endsWith("-directory");
  const dot = isDot ? parseListingLine(octets(line), { isMlsx: record.system.startsWith("MLSD") }) : undefined;
  const actual = dot === undefined ? entries : [dot];
  return difference(label, plainFields(expect), actual).concat(
    actual[0] === undefined ? [] : details(record, actual[0]),
  );
}

function plainFields({ name, type, size, modify, permissions, owner, target }: CorpusRecord["expect"]) {
  return {
    name: octetsFromText(name ?? ""),
    type,
    size,
    modify: modify ?? null,
    ...(permissions === undefined ? {} : { permissions }),
    ...(owner === undefined ? {} : { owner }),
    ...(target === undefined ? {} : { target }),
  };
}

/** What only some systems have. */
function details({ expect, line }: Indexed, entry: ParsedEntry): unknown[] {
  const facts = entry.details ?? new Map<string, string>();
  const checks: Readonly<Record<string, readonly [unknown, unknown]>> = {
    ownerGroup: [expect.ownerGroup, [entry.owner, entry.group].filter((name) => name !== undefined).join(" ")],
    version: [expect.version, entry.version],
    vmsProtection: [expect.vmsProtection, entry.permissions],
    netwareRights: [expect.netwareRights, entry.permissions],
    blocks: [expect.blocks, Number(facts.get("blocks"))],
    dsorg: [expect.dsorg, facts.get("dsorg")],
    recfm: [expect.recfm, facts.get("recfm")],
    records: [expect.records, Number(facts.get("records"))],
    device: [expect.device, facts.get("device")],
  };
  return Object.entries(checks).flatMap(([field, [expected, actual]]) =>
    expected === undefined || Object.is(expected, actual) ? [] : [{ line, field, expected, actual }],
  );
}
