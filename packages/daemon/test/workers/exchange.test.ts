import assert from "node:assert/strict";
import { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import { Exchange } from "../../src/workers/exchange.ts";

interface Counting {
  count(by: number): number;
  note(word: string): void;
}

/** Two sides in one process; every message is cloned, counted, and comes a turn later. */
function pair() {
  const noted: string[] = [];
  let sentCount = 0;
  const post = (side: () => Exchange<Counting, Counting>) => ({
    send: (message: unknown, socket?: Socket, done?: (error: Error | null) => void) => {
      sentCount++;
      const copy: unknown = structuredClone(message);
      setImmediate(() => side().receive(copy, socket));
      done?.(null);
    },
  });
  const handlers = {
    count: (by: number) => by + 1,
    note: (word: string, socket?: Socket) => void noted.push(socket === undefined ? word : `${word} with a socket`),
  };
  const one: Exchange<Counting, Counting> = new Exchange<Counting, Counting>(
    post(() => other),
    handlers,
  );
  const other: Exchange<Counting, Counting> = new Exchange<Counting, Counting>(
    post(() => one),
    handlers,
  );
  return { one, noted, sent: () => sentCount };
}

test("what is said in one turn leaves in one message and arrives in order, and so do the answers", async () => {
  const { one, noted, sent } = pair();
  one.tell("note", "first");
  const answers = Promise.all([one.ask("count", 1), one.ask("count", 2)]);
  one.tell("note", "last");
  assert.equal(sent(), 0);
  assert.deepEqual(await answers, [2, 3]);
  assert.deepEqual(noted, ["first", "last"]);
  assert.equal(sent(), 2);
});

test("a socket goes alone and at once, behind what was said before it", async () => {
  const { one, noted, sent } = pair();
  one.tell("note", "before");
  one.tell("note", "carried", new Socket());
  assert.equal(sent(), 2);
  await turn();
  await turn();
  assert.deepEqual(noted, ["before", "carried with a socket"]);
});

test("flush sends now and once; done is told of each", async () => {
  const { one, sent } = pair();
  const told: string[] = [];
  one.tell("note", "a", undefined, () => told.push("a"));
  one.tell("note", "b", undefined, () => told.push("b"));
  one.flush();
  assert.equal(sent(), 1);
  assert.deepEqual(told, ["a", "b"]);
  await turn();
  assert.equal(sent(), 1);
});

test("what had not left when the other side ended is told to who waits for it", async () => {
  const { one, sent } = pair();
  const cause = new Error("it ended");
  let told: Error | null = null;
  one.tell("note", "late", undefined, (error) => void (told = error));
  const asked = one.ask("count", 1);
  one.close(cause);
  assert.equal(told, cause);
  await assert.rejects(asked, cause);
  await turn();
  assert.equal(sent(), 0);
});
