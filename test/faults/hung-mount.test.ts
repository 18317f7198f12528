import { test } from "node:test";
import { hangCalls, skip, stopWhileCallsHang } from "./hung-mount-run.ts";

const circumstances = { timeout: 120_000, skip };

test("a hung mount freezes nobody but who uses it, with 4 threads and more calls that hang", circumstances, (context) =>
  hangCalls(context, "4"),
);

test("a server with calls that hang ends within its grace, with 0", circumstances, () => stopWhileCallsHang("1"));
