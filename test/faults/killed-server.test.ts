import { needs } from "@sallyport/testing";
import { test } from "node:test";
import { killServer, killWorkers } from "./killed-server-run.ts";

const circumstances = { timeout: 120_000, skip: needs("linux") };

test("S-32 the server killed with -9 at 3 random points under load keeps what it promised", circumstances, (context) =>
  killServer(context, { rounds: 3 }),
);

test("S-32 the same with --durable, once", circumstances, (context) =>
  killServer(context, { rounds: 1, words: ["--durable", "--workers", "1"] }),
);

test("S-32 one of two workers killed with -9 under load, twice: nothing promised is lost", circumstances, (context) =>
  killWorkers(context, { rounds: 2 }),
);
