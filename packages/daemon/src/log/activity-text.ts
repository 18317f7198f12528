import { displayOctets, type VirtualPath } from "@sallyport/protocol";
import type { ConnectionActivity } from "@sallyport/server";
import { durationText } from "./quantities.ts";

/** What a connection does, in a few words: `upload /in/a.txt`, `idle for 3 min`. */
export function activityText(activity: ConnectionActivity): string {
  switch (activity.kind) {
    case "greeting":
      return "TLS not begun";
    case "logging-in":
      return "logging in";
    case "idle":
      return `idle for ${durationText(activity.durationMs)}`;
    case "running":
      return withPath(activity.verb, activity.path);
    case "transferring":
      return withPath(activity.direction, activity.path);
    case "closing":
      return "closing";
  }
}

function withPath(what: string, path: VirtualPath | undefined): string {
  return path === undefined ? what : `${what} ${displayOctets(path)}`;
}
