import { closeSync, openSync, writeSync } from "node:fs";
import { ConfigError, displayOctets } from "@sallyport/protocol";
import { errorCode } from "../files.ts";
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

/**
 * A transfer log that is appended to. Lines are written at once: a transfer that was told to the client is in the log
 * also after a crash.
 */
export class XferlogFile implements Disposable {
  readonly #path: string;
  #descriptor: number;

  /** @throws {ConfigError} SALLYPORT_LOG_UNWRITABLE. */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openLog(path);
  }

  write(event: EventOf<"transfer">): void {
    const line = xferlogLine(event);
    if (line !== undefined) writeSync(this.#descriptor, line);
  }

  /** Starts a new file after the old one was moved away by log rotation; keeps the old one where that fails. */
  reopen(): void {
    const descriptor = openLog(this.#path);
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

function openLog(path: string): number {
  try {
    return openSync(path, "a", 0o640);
  } catch (cause) {
    const message = `The transfer log ${path} cannot be written (${errorCode(cause)}): name a file in a directory that this user may write to.`;
    throw new ConfigError("SALLYPORT_LOG_UNWRITABLE", message, { cause });
  }
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
