import { needs } from "@sallyport/testing";
import { test } from "node:test";
import { killServer, killWorkers } from "./killed-server-run.ts";

const circumstances = { timeout: 1_800_000, skip: needs("linux") };

test(
  "S-32 the server killed with -9 at 200 random points under load keeps what it promised",
  circumstances,
  (context) => killServer(context, { rounds: 200 }),
);

test("S-32 the same with --durable, 20 times", circumstances, (context) =>
  killServer(context, { rounds: 20, words: ["--durable"] }),
);

test(
  "S-32 one of two workers killed with -9 under load, 100 times: nothing promised is lost",
  circumstances,
  (context) => killWorkers(context, { rounds: 100 }),
);
