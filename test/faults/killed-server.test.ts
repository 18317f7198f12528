import { needs } from "@sallyport/testing";
import { test } from "node:test";
import { killServer, killWorkers } from "./killed-server-run.ts";

const circumstances = { timeout: 120_000, skip: needs("linux") };

test("S-32 the server killed with -9 at 4 random points under load keeps what it promised", circumstances, (context) =>
  killServer(context, { rounds: 4 }),
);

test("S-32 the same with --durable, twice", circumstances, (context) =>
  killServer(context, { rounds: 2, words: ["--durable"] }),
);

test("S-32 one of two workers killed with -9 under load, 3 times: nothing promised is lost", circumstances, (context) =>
  killWorkers(context, { rounds: 3 }),
);
