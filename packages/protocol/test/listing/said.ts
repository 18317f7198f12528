import { type ListedTime, octetsFromText, type Octets, type ParsedEntry } from "@sallyport/protocol";

/** An entry in the words of the tables: text for octets, ISO 8601 for times, null for what is not said. */
export function said(entry: ParsedEntry) {
  return {
    name: entry.name as string,
    type: entry.type as string,
    size: entry.size ?? null,
    modify: entry.time === undefined ? null : isoText(entry.time),
    permissions: entry.mode === undefined ? undefined : entry.mode.toString(8).padStart(4, "0"),
    owner: entry.owner as string | undefined,
    group: entry.group as string | undefined,
    target: entry.target as string | undefined,
  };
}

/** `2020-01-02T03:04:05.678Z`; without year `--01-02T03:04`. */
function isoText(time: ListedTime): string {
  const { year, month, day, hour, minute = 0, second, fraction } = time;
  const date = `${year === undefined ? "-" : String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  if (hour === undefined) return date;
  const seconds = second === undefined ? "" : `:${two(second)}${fraction === undefined ? "" : `.${fraction}`}`;
  return `${date}T${two(hour)}:${two(minute)}${seconds}${zoneText(time.zone)}`;
}

/** The octets of a text in UTF-8, or, with `isLatin1`, one octet a letter. */
export function octets(text: string, isLatin1 = false): Octets {
  return isLatin1 ? (text as Octets) : octetsFromText(text);
}

function zoneText(zone: ListedTime["zone"]): string {
  if (zone === "utc") return "Z";
  if (zone === "server") return "";
  const minutes = Math.abs(zone);
  return `${zone < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
