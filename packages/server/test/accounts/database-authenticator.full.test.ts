import assert from "node:assert/strict";
import { test } from "node:test";
import { room, timings } from "./authenticator-room.ts";
import { mannWhitney, median } from "./mann-whitney.ts";

test("S-12 unknown names cannot be told from known ones by 250 timings each (Mann–Whitney)", async (t) => {
  const { accounts, authenticator } = await room(t);
  await accounts.import(
    Array.from({ length: 100 }, (_, index) => ({ name: `user${index}`, password: `secret${index}` })),
  );
  await accounts.add({ name: "disabled", password: "secret", enabled: false });
  const samples = await timings(authenticator, ["user50", "disabled", "unknown", "user50"], 250);
  const [known] = samples;
  for (const [index, name] of ["disabled", "unknown", "itself"].entries()) {
    const other = samples[index + 1] ?? [];
    const { p } = mannWhitney(known, other);
    const differenceMs = Math.abs(median(other) - median(known));
    t.diagnostic(`${name}: median differs by ${differenceMs.toFixed(3)} ms, p = ${p.toFixed(4)}`);
    assert.ok(p > 0.001 || differenceMs < 0.5, `${name}: ${differenceMs} ms, p = ${p}`);
  }
});
