import type { ConnectionStatus } from "@sallyport/server";
import { activityText } from "./activity-text.ts";
import type { ServiceEvent, ShownActivity } from "./service-event.ts";

/** Everybody who is connected as events for the log, a summary last. */
export function snapshotEvents(connections: readonly ConnectionStatus[], atMs: number): readonly ServiceEvent[] {
  return [
    ...connections.map(({ activity, ...status }) => ({
      kind: "connection-shown" as const,
      atMs,
      ...status,
      ...shownActivity(activity),
    })),
    {
      kind: "connections-shown",
      atMs,
      connectionsCount: connections.length,
      loginsCount: connections.filter(({ account }) => account !== undefined).length,
      transfersCount: connections.filter(({ activity }) => activity.kind === "transferring").length,
    },
  ];
}

function shownActivity(activity: ConnectionStatus["activity"]): ShownActivity {
  const words = activityText(activity);
  switch (activity.kind) {
    case "running": {
      const { verb, path } = activity;
      return { activity: words, verb, ...(path === undefined ? {} : { path }) };
    }
    case "transferring": {
      const { verb, path, bytes, bytesPerSecond, tls } = activity;
      return { activity: words, verb, path, bytes, bytesPerSecond, ...(tls === undefined ? {} : { dataTls: tls }) };
    }
    case "greeting":
    case "logging-in":
    case "idle":
    case "closing":
      return { activity: words };
  }
}
