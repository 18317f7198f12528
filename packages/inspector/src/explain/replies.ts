import type { FtpEvent } from "../model/index.ts";
import type { Lane } from "./lane.ts";

/** A whole reply; code 0 where a line is none. */
export interface FoundReply {
  readonly code: number;
  readonly line: string;
  readonly event: FtpEvent;
}

/** The next whole reply but preliminary ones; a line that is no reply ends the waiting with code 0. */
export function nextReply(
  lane: Lane,
  awaited: "greeting" | "auth-reply" | "greeting-in-tls" | "login-reply" | "data-reply",
  from: number,
) {
  return lane.until<FoundReply>(
    (event) => {
      if (event.direction !== "to-client") return undefined;
      if (event.kind === "text") return { code: 0, line: event.line, event };
      if (event.kind !== "reply" || event.last !== true || event.code === undefined) return undefined;
      return event.code < 200 ? undefined : { code: event.code, line: event.line, event };
    },
    awaited,
    { from },
  );
}
