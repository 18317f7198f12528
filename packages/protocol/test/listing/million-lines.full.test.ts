import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ListingReader, type ListingReaderOptions, octetsFromText, type Octets } from "@sallyport/protocol";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const chunkLines = 1000;

interface Listing {
  readonly lines: number;
  readonly line: (number: number) => string;
  readonly options?: ListingReaderOptions;
}

const listings: Readonly<Record<string, Listing>> = {
  "one million lines of ls -l": {
    lines: 1_000_000,
    line: (number) =>
      `-rw-r--r--   1 owner    group    ${1000 + number} Jan ${10 + (number % 20)} 10:20 file ${number}.txt`,
  },
  "one million lines of MLSD": {
    lines: 1_000_000,
    line: (number) => `type=file;size=${number};modify=20200102030405;UNIX.mode=0644; file ${number}.txt`,
    options: { command: "MLSD" },
  },
  "200,000 dates whose order is never shown": {
    lines: 200_000,
    line: (number) => `01/02/2020  10:20    ${number} file ${number}.txt`,
  },
  "200,000 lines that no format fits": {
    lines: 200_000,
    line: (number) => `no such line ${number} as this one, in any format`,
  },
};

for (const [name, { lines, line, options }] of Object.entries(listings)) {
  test(`listings are read in bounded memory: ${name}`, (context) => {
    const reader = new ListingReader(options);
    const beforeBytes = heapBytes();
    let grownBytes = 0;
    let entries = 0;
    let cpuMs = 0;
    for (let first = 0; first < lines; first += chunkLines) {
      const chunk = chunkOf(line, first);
      const start = process.cpuUsage();
      entries += reader.push(chunk).length;
      const { user, system } = process.cpuUsage(start);
      cpuMs += (user + system) / 1000;
      if (first % (lines / 4) === 0) grownBytes = Math.max(grownBytes, heapBytes() - beforeBytes);
    }
    entries += reader.end().length;
    grownBytes = Math.max(grownBytes, heapBytes() - beforeBytes);
    assert.equal(entries + reader.unparsed.count, lines);
    assert.ok(grownBytes < 8 * 1024 * 1024, `the heap grew by ${grownBytes} octets`);
    context.diagnostic(
      `${Math.round(lines / cpuMs)} thousand lines a second of CPU time, heap grown by ${Math.round(grownBytes / 1024)} KiB`,
    );
  });
}

function chunkOf(line: (number: number) => string, first: number): Octets {
  return octetsFromText(Array.from({ length: chunkLines }, (_, at) => `${line(first + at)}\r\n`).join(""));
}

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
