import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { limitValues } from "@sallyport/protocol";
import { DeliveryQueue } from "../../src/events/delivery-queue.ts";
import { Outbox } from "../../src/events/outbox.ts";
import type { Delivery, Target } from "../../src/events/target.ts";
import { scratchDirectory } from "./ground.ts";

const scratch = scratchDirectory();

test("while an account's receiver is slow, what else comes for that account costs no search", async () => {
  const limits = limitValues();
  using outbox = Outbox.open(join(scratch, "busy.db"), { limits, durable: false });
  const { promise: concluded, resolve: conclude } = Promise.withResolvers<Delivery>();
  const told: string[] = [];
  const target: Target = {
    key: "t",
    label: "T",
    deliver: async ({ id }) => {
      told.push(id);
      return told.length === 1 ? concluded : { kind: "delivered" };
    },
    reread: () => () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  const add = (id: string, lane: string) =>
    outbox.add([
      { target: "t", label: "T", id, kind: "login", lane, body: "{}", createdMs: Date.now(), dueMs: Date.now() },
    ]);
  add("1", "alice");
  const queue = new DeliveryQueue(target, outbox, { limits, report: () => undefined });
  queue.begin();
  let searches = 0;
  const next = outbox.next.bind(outbox);
  outbox.next = (...given) => {
    searches++;
    return next(...given);
  };
  for (let at = 2; at < 20; at++) {
    add(String(at), "alice");
    queue.wakeFor(new Set(["alice"]));
  }
  assert.equal(searches, 0);
  add("20", "bob");
  queue.wakeFor(new Set(["alice", "bob"]));
  assert.ok(searches > 0);
  assert.deepEqual(told, ["1", "20"]);
  conclude({ kind: "delivered" });
  while (told.length < 20) await new Promise((resolve) => setTimeout(resolve, 5));
  await queue.close(0);
  assert.equal(outbox.countOf("t"), 0);
});
