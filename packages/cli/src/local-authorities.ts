import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultStatePath } from "@sallyport/daemon/state";

/**
 * The authorities of this machine's own servers in PEM form, those of `serve` and `start` alike, or that of the state
 * directory that was named; empty where there is none.
 */
export function localAuthorities(state: string | undefined): string {
  const standard = defaultStatePath(process.env);
  const places = state === undefined ? [standard, `${standard}-demo`] : [state];
  return places.map((place) => readIfThere(join(place, "tls", "ca.pem"))).join("");
}

/** Another user's state is no business of ours, and often there is none. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
