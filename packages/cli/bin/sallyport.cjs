#!/usr/bin/env node
// What npm links as `sallyport`: plain JavaScript that an old Node can read too, to say which one is needed.
const wanted = 26;

if (Number.parseInt(process.versions.node, 10) >= wanted) {
  // More threads than libuv's four: a mount that hangs keeps those that have called it.
  process.env.UV_THREADPOOL_SIZE ??= "16";
  void import("../dist/main.js");
} else {
  process.stderr.write(`sallyport: needs Node ${wanted} or newer, and this is Node ${process.versions.node}\n`);
  process.exitCode = 69;
}
