import { test } from "node:test";
import { hangCalls, skip, stopWhileCallsHang } from "./hung-mount-run.ts";

const circumstances = { timeout: 120_000, skip };

test(
  "a hung mount freezes nobody but who uses it, with 16 threads and more calls that hang",
  circumstances,
  (context) => hangCalls(context, "16"),
);

test("two workers with calls that hang end within their grace, with 0", circumstances, () => stopWhileCallsHang("2"));
