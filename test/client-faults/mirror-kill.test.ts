import { needs } from "@sallyport/testing";
import { test } from "node:test";
import { killMirrors } from "./mirror-kill-run.ts";

const circumstances = { timeout: 170_000, skip: needs("linux") };

for (const [direction, killsMax] of [
  ["download", 3],
  ["upload", 2],
] as const) {
  test(
    `a mirror of 500 files, ${direction}, killed with -9 ${killsMax} times, ends the same and fetches nothing twice`,
    circumstances,
    (context) => killMirrors(context, { mirrors: 1, direction, killsMax }),
  );
}
