import { displayOctets } from "@sallyport/protocol";
import type { EventOf } from "./service-event.ts";

/**
 * One transfer in the format of wu-ftpd's xferlog(5), which log analysers read: fourteen fields with single spaces
 * between, hence white space in names is written as an underscore. Listings are no transfers. The account's name
 * stands for the authenticated user as well, with method 1, as RFC 931 had it, for certificates alone; it is always 0.
 */
export function xferlogLine(event: EventOf<"transfer">): string | undefined {
  if (event.direction === "listing") return undefined;
  const fields = [
    currentTime(new Date(event.atMs)),
    Math.max(1, Math.round(event.durationMs / 1000)),
    event.remoteAddress,
    event.bytes,
    field(displayOctets(event.path)),
    event.type === "A" ? "a" : "b",
    "_",
    event.direction === "upload" ? "i" : "o",
    event.anonymous ? "a" : "r",
    field(event.account ?? "-"),
    "ftp",
    "0",
    "*",
    event.complete ? "c" : "i",
  ];
  return `${fields.join(" ")}\n`;
}

function field(text: string): string {
  return text.replace(/\s/g, "_") || "_";
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** Local time as C's ctime prints it, with the day padded by a space. */
function currentTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  const day = String(time.getDate()).padStart(2, " ");
  return `${days[time.getDay()] ?? ""} ${months[time.getMonth()] ?? ""} ${day} ${clock} ${time.getFullYear()}`;
}
