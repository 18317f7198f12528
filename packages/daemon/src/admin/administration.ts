import type { EventLog } from "../log/event-log.ts";
import type { Serving } from "../serving.ts";
import type { StateDirectory } from "../state-directory.ts";
import { AdminServer } from "./admin-server.ts";
import { servedBy } from "./served-connections.ts";

/**
 * Lets administrators ask a service that serves, until `undo` is disposed of. A service whose directory takes no socket
 * serves all the same, and says so.
 */
export async function openAdministration(
  { state, serving, log }: { readonly state: StateDirectory; readonly serving: Serving; readonly log: EventLog },
  undo: AsyncDisposableStack,
): Promise<void> {
  const served = servedBy(serving, serving.ledger.throttle, (event) => log.onEvent(event));
  try {
    undo.use(await AdminServer.listen(state.socket, served));
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    const fix = "the server serves all the same; keep its state on a file system of this machine";
    log.onEvent({ kind: "service-warning", atMs: Date.now(), cause, fix });
  }
}
