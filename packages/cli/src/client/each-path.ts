import type { RemotePlace } from "./servers.ts";
import type { ClientRun } from "./run.ts";
import { expandRemote } from "./remote-glob.ts";

/** Does something with each path that URLs name, wildcards expanded; one that fails does not keep the others from it. */
export async function eachPath(
  run: ClientRun,
  urls: readonly string[],
  work: (place: RemotePlace) => Promise<void>,
): Promise<void> {
  for (const url of urls) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as on the command line
      const place = await run.servers.open(url);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      for (const path of await expandRemote(place.client, place.path, run.servers.signal)) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await tryOne({ ...place, path }, run, work);
      }
    } catch (error) {
      run.failed(error);
    }
  }
}

async function tryOne(place: RemotePlace, run: ClientRun, work: (place: RemotePlace) => Promise<void>): Promise<void> {
  try {
    await work(place);
    run.done();
  } catch (error) {
    run.failed(error, place.path);
  }
}
