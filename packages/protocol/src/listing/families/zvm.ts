import type { Octets } from "../../octets.ts";
import { readClock, readCombinedDate } from "../date-grammar.ts";
import { type DateOrderRule, numericDate, timeOfLineAlone } from "../date-order.ts";
import { makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { tokensOf } from "../tokens.ts";

/**
 * z/VM: file name, file type, record format, record length, records, blocks, date, time, and the disk or owner. The
 * name is both parts with a stop. Records of fixed length give the size; those of variable length only bound it.
 */
export const zvm: ListingFamily = { name: "zvm", parse };

const dates: DateOrderRule = { key: "zvm", orders: ["mdy", "ymd", "dmy"] };

function parse(line: string): ParsedLine | undefined {
  const tokens = tokensOf(line, 10);
  if (tokens.length < 8 || tokens.length > 9) return undefined;
  const [name = "", type = "", ...rest] = tokens.map(({ text }) => text);
  const isDirectory = type === "DIR" && rest[0] === "-";
  const [format = "", length = "", records = "", blocks = "", day = "", time, label] = rest;
  if (!isDirectory && !/^[FV]$/.test(format)) return undefined;
  const columns = [length, records, blocks];
  if (!columns.every((column) => (isDirectory ? column === "-" : /^\d{1,10}$/.test(column)))) return undefined;
  const combined = readCombinedDate(day);
  const clock = readClock(time);
  if (combined?.kind !== "numeric" || clock === undefined) return undefined;
  const date = numericDate(combined.texts, dates, clock);
  const product = Number(length) * Number(records);
  return {
    entry: makeEntry("zvm", line as Octets, {
      name: isDirectory ? name : `${name}.${type}`,
      type: isDirectory ? "directory" : "file",
      size: format === "F" && Number.isSafeInteger(product) ? product : undefined,
      approximateSize: format === "V" ? product : undefined,
      time: date === undefined ? undefined : timeOfLineAlone(date),
      owner: label === undefined || label === "-" ? undefined : (label as Octets),
      details: isDirectory
        ? undefined
        : new Map([
            ["recfm", format],
            ["lrecl", length],
            ["records", records],
            ["blocks", blocks],
          ]),
    }),
    date,
  };
}
