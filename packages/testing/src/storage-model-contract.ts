import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";
import type { Storage, StorageErrorKind, WriteIntent } from "@sallyport/server/storage";

import { entries, fill, get, kindOf, type MakeSource, path } from "./storage-steps.ts";

/**
 * Runs random commands of two owners against a storage and against a model that a page of code describes, and compares
 * every answer and, at the end, everything that each owner can see.
 */
export function storageModelContract(makeSource: MakeSource): void {
  test("random commands of two owners have the effect that the model says", async (context) => {
    await fc.assert(
      fc.asyncProperty(fc.commands(commandArbitraries, { size: "+1" }), async (commands) => {
        const source = await makeSource(context);
        const real: Real = { alice: source.forOwner("alice"), bob: source.forOwner("bob") };
        await fc.asyncModelRun(() => ({ model: new Model(), real }), commands);
      }),
      { numRuns: 40, seed: 20_261_122 },
    );
  });
}

type Owner = "alice" | "bob";
type Real = Record<Owner, Storage>;
type Answer = StorageErrorKind | "done";
type Ending = "publish" | "keep" | "abandon";

/** The whole of what a storage has to remember. */
class Model {
  readonly directories = new Set<string>([""]);
  readonly files = new Map<string, string>();
  readonly parts = new Map<string, string>();

  write(owner: Owner, at: string, intent: WriteIntent, content: string, ending: Ending): Answer {
    const parent = this.#parentOf(at);
    if (parent !== "done") return parent;
    if (this.directories.has(at)) return "is-a-directory";
    const published = this.files.get(at);
    if (published !== undefined && intent.kind === "create") return "exists";
    const part = this.parts.get(owner + at);
    const before = published ?? part ?? "";
    const result = resultOf(intent, before, content);
    if (result === undefined) return "out-of-range";
    if (ending === "publish") {
      this.files.set(at, result);
      this.parts.delete(owner + at);
    } else if (ending === "keep" && published === undefined && result !== "") {
      if (intent.kind !== "range" || part === undefined) this.parts.set(owner + at, result);
    }
    return "done";
  }

  read(owner: Owner, at: string): Answer | { content: string } {
    const found = this.#find(owner, at);
    if (found === "file") return { content: this.files.get(at) ?? "" };
    if (found === "directory") return "is-a-directory";
    return found === "part" ? "incomplete" : found;
  }

  stat(owner: Owner, at: string): Answer | { seen: string } {
    const found = this.#find(owner, at);
    if (found === "file") return { seen: `file ${this.files.get(at)?.length}` };
    if (found === "part") return { seen: `part ${this.parts.get(owner + at)?.length}` };
    return found === "directory" ? { seen: "directory 0" } : found;
  }

  makeDirectory(at: string): Answer {
    const parent = this.#parentOf(at);
    if (parent !== "done") return parent;
    if (this.#exists(at)) return "exists";
    this.directories.add(at);
    return "done";
  }

  removeDirectory(owner: Owner, at: string): Answer {
    const found = this.#find(owner, at);
    if (found === "part") return "not-found";
    if (found === "file") return "not-a-directory";
    if (found !== "directory") return found;
    if (this.seen(owner).some(([name]) => name.startsWith(`${at}/`))) return "not-empty";
    this.directories.delete(at);
    return "done";
  }

  remove(owner: Owner, at: string): Answer {
    const found = this.#find(owner, at);
    if (found === "directory") return "is-a-directory";
    if (found !== "file" && found !== "part") return found;
    this.files.delete(at);
    this.parts.delete(owner + at);
    return "done";
  }

  rename(owner: Owner, from: string, to: string): Answer {
    const parents = [this.#parentOf(from), this.#parentOf(to)].find((answer) => answer !== "done");
    if (parents !== undefined) return parents;
    const found = this.#find(owner, from);
    if (found === "part") return "incomplete";
    if (found !== "file" && found !== "directory") return found;
    if (from === to) return "done";
    if (this.directories.has(to) || (found === "directory" && this.files.has(to))) return "exists";
    if (found === "directory" && to.startsWith(`${from}/`)) return "name-not-allowed";
    for (const [name, content] of [...this.files]) {
      if (name !== from && !name.startsWith(`${from}/`)) continue;
      this.files.delete(name);
      this.files.set(to + name.slice(from.length), content);
    }
    for (const name of [...this.directories]) {
      if (name === from || name.startsWith(`${from}/`)) this.directories.add(to + name.slice(from.length));
    }
    for (const name of [...this.directories])
      if (name === from || name.startsWith(`${from}/`)) this.directories.delete(name);
    for (const name of [from, to]) this.parts.delete(owner + name);
    return "done";
  }

  /** Every name that an owner sees, sorted, with what it is. */
  seen(owner: Owner): [string, string][] {
    const names = [
      ...this.directories,
      ...this.files.keys(),
      ...[...this.parts.keys()].map((key) => key.slice(owner.length)),
    ];
    return [...new Set(names)]
      .filter((name) => name !== "")
      .toSorted()
      .flatMap((name) => {
        const answer = this.stat(owner, name);
        return typeof answer === "string" ? [] : [[name, answer.seen] satisfies [string, string]];
      });
  }

  #exists(at: string): boolean {
    return this.directories.has(at) || this.files.has(at);
  }

  #find(owner: Owner, at: string): Answer | "file" | "directory" | "part" {
    const parent = this.#parentOf(at);
    if (parent !== "done") return parent;
    if (this.directories.has(at)) return "directory";
    if (this.files.has(at)) return "file";
    return this.parts.has(owner + at) ? "part" : "not-found";
  }

  #parentOf(at: string): Answer {
    const names = at.split("/").slice(1, -1);
    for (let depth = 1; depth <= names.length; depth++) {
      const parent = `/${names.slice(0, depth).join("/")}`;
      if (this.files.has(parent)) return "not-a-directory";
      if (!this.directories.has(parent)) return "not-found";
    }
    return "done";
  }
}

function resultOf(intent: WriteIntent, before: string, content: string): string | undefined {
  switch (intent.kind) {
    case "replace":
    case "create":
      return content;
    case "append":
      return before + content;
    case "resume":
      return intent.offset > before.length ? undefined : before.slice(0, intent.offset) + content;
    case "range":
      return intent.first > before.length
        ? undefined
        : before.slice(0, intent.first) + content + before.slice(intent.first + content.length);
  }
}

/** One command: what it does to the storage, what to the model, and how it reads in a counterexample. */
class Command implements fc.AsyncCommand<Model, Real> {
  readonly #label: string;
  readonly #real: (real: Real) => Promise<unknown>;
  readonly #model: (model: Model) => unknown;

  constructor(label: string, real: (real: Real) => Promise<unknown>, model: (model: Model) => unknown) {
    this.#label = label;
    this.#real = real;
    this.#model = model;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    assert.deepEqual(await this.#real(real), this.#model(model), this.#label);
    for (const owner of owners)
      assert.deepEqual(await seenBy(real[owner]), model.seen(owner), `${this.#label}, as ${owner} sees it`);
  }

  toString(): string {
    return this.#label;
  }
}

const owners = ["alice", "bob"] as const;

async function seenBy(storage: Storage, at = ""): Promise<[string, string][]> {
  const seen: [string, string][] = [];
  for (const { name, type, sizeBytes, incomplete } of await entries(storage, at === "" ? "/" : at)) {
    seen.push([`${at}/${name}`, `${incomplete ? "part" : type} ${sizeBytes}`]);
    if (type === "directory") seen.push(...(await seenBy(storage, `${at}/${name}`)));
  }
  return seen.toSorted(([one], [other]) => (one < other ? -1 : 1));
}

const anyOwner = fc.constantFrom(...owners);
const anyName = fc.constantFrom("a", "b", "\xff");
const anyPlace = fc.array(anyName, { minLength: 1, maxLength: 3 }).map((names) => `/${names.join("/")}`);
const anyContent = fc.integer({ min: 0, max: 12 }).map((length) => "abcdefghijkl".slice(0, length));
const anyOffset = fc.integer({ min: 0, max: 14 });
const anyEnding = fc.constantFrom<Ending>("publish", "publish", "keep", "abandon");

const anyIntent: fc.Arbitrary<WriteIntent> = fc.oneof(
  fc.constantFrom<WriteIntent>({ kind: "replace" }, { kind: "append" }, { kind: "create" }),
  anyOffset.map((offset): WriteIntent => ({ kind: "resume", offset })),
  anyOffset.map((first): WriteIntent => ({ kind: "range", first, last: first + 11 })),
);

const write = fc.tuple(anyOwner, anyPlace, anyIntent, anyContent, anyEnding).map(
  ([owner, at, intent, content, ending]) =>
    new Command(
      `${owner}: ${JSON.stringify(intent)} ${JSON.stringify(at)} ${content} ${ending}`,
      (real) => kindOf(writeAndEnd(real[owner], at, intent, content, ending)),
      (model) => model.write(owner, at, intent, content, ending),
    ),
);

async function writeAndEnd(storage: Storage, at: string, intent: WriteIntent, content: string, ending: Ending) {
  const file = await fill(storage, at, Buffer.from(content, "latin1"), intent);
  return ending === "publish" ? file.publish() : file.abandon({ keep: ending === "keep" });
}

const commandArbitraries = [
  write,
  write,
  write,
  fc.tuple(anyOwner, anyPlace).map(
    ([owner, at]) =>
      new Command(
        `${owner}: read ${JSON.stringify(at)}`,
        (real) => answerOf(async () => ({ content: await get(real[owner], at) })),
        (model) => model.read(owner, at),
      ),
  ),
  fc.tuple(anyOwner, anyPlace).map(
    ([owner, at]) =>
      new Command(
        `${owner}: stat ${JSON.stringify(at)}`,
        (real) =>
          answerOf(async () => {
            const { type, sizeBytes, incomplete } = await real[owner].stat(path(at));
            return { seen: `${incomplete ? "part" : type} ${sizeBytes}` };
          }),
        (model) => model.stat(owner, at),
      ),
  ),
  fc.tuple(anyOwner, anyPlace).map(
    ([owner, at]) =>
      new Command(
        `${owner}: makeDirectory ${JSON.stringify(at)}`,
        (real) => kindOf(real[owner].makeDirectory(path(at))),
        (model) => model.makeDirectory(at),
      ),
  ),
  fc.tuple(anyOwner, anyPlace).map(
    ([owner, at]) =>
      new Command(
        `${owner}: removeDirectory ${JSON.stringify(at)}`,
        (real) => kindOf(real[owner].removeDirectory(path(at))),
        (model) => model.removeDirectory(owner, at),
      ),
  ),
  fc.tuple(anyOwner, anyPlace).map(
    ([owner, at]) =>
      new Command(
        `${owner}: remove ${JSON.stringify(at)}`,
        (real) => kindOf(real[owner].remove(path(at))),
        (model) => model.remove(owner, at),
      ),
  ),
  fc.tuple(anyOwner, anyPlace, anyPlace).map(
    ([owner, from, to]) =>
      new Command(
        `${owner}: rename ${JSON.stringify(from)} ${JSON.stringify(to)}`,
        (real) => kindOf(real[owner].rename(path(from), path(to))),
        (model) => model.rename(owner, from, to),
      ),
  ),
];

async function answerOf<T>(operation: () => Promise<T>): Promise<T | Answer> {
  let answer: T | undefined;
  const kind = await kindOf(async () => {
    answer = await operation();
  });
  return kind === "done" ? (answer as T) : kind;
}
