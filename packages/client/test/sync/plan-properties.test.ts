import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { changesTarget } from "../../src/sync/action.ts";
import type { CompareBy } from "../../src/sync/compare.ts";
import { compileFilter, isFilterFailure } from "../../src/sync/filter.ts";
import { planActions } from "../../src/sync/plan.ts";
import type { PlanOptions } from "../../src/sync/plan-options.ts";
import { ancestorsOf } from "../../src/sync/tree.ts";
import { type ListingManner, type ModelEntry, type ModelTree, carriedOut, listed } from "./model-tree.ts";

const noon = Date.UTC(2026, 10, 22, 12);
const path = fc
  .array(fc.constantFrom("a", "b", "c", "A", "x.log"), { minLength: 1, maxLength: 2 })
  .map((names) => names.join("/"));
const entry: fc.Arbitrary<ModelEntry> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("file" as const),
      content: fc.constantFrom("", "1", "2", "33", "44"),
      modifiedMs: fc.constantFrom(0, 1, 400, 1500, 59_000, 61_000, 7_200_000).map((offset) => noon + offset),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "directory" as const }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("b", "../b", "/etc").map((linkTarget) => ({ kind: "link" as const, linkTarget })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "other" as const }) },
);

/** A tree that can exist: what is above something is a directory; with folded case no two names are the same. */
function treeOf(foldsCase: boolean): fc.Arbitrary<ModelTree> {
  return fc.array(fc.tuple(path, entry), { maxLength: 14, size: "max" }).map((entries) => {
    const tree = new Map<string, ModelEntry>();
    const taken = new Map<string, string>();
    const claim = (name: string): boolean => {
      const key = foldsCase ? name.toLowerCase() : name;
      if ((taken.get(key) ?? name) !== name) return false;
      taken.set(key, name);
      return true;
    };
    for (const [name, given] of entries) {
      const above = ancestorsOf(name).toReversed();
      const fits = above.every((one) => (tree.get(one)?.kind ?? "directory") === "directory");
      if (tree.has(name) || !fits || ![...above, name].every(claim)) continue;
      for (const one of above) tree.set(one, { kind: "directory" });
      tree.set(name, given);
    }
    return tree;
  });
}

const filter = compileFilter({ rules: [{ action: "exclude", glob: "*.log" }], sizeMaxBytes: 1 });
assert.ok(!isFilterFailure(filter));

const options = fc.record(
  {
    direction: fc.constantFrom("download", "upload" as const),
    delete: fc.boolean(),
    deletionsMax: fc.nat(3),
    allowsEmptySource: fc.boolean(),
    deleteOrder: fc.constantFrom("before", "after" as const),
    compare: fc.subarray<CompareBy>(["size", "time", "hash"], { minLength: 1 }),
    timeRule: fc.constantFrom("newer", "differ" as const),
    keepsNewer: fc.boolean(),
    filter: fc.constant(filter),
    links: fc.constantFrom("skip", "recreate" as const),
    typeClash: fc.constantFrom("conflict", "replace" as const),
    emptyDirectories: fc.constantFrom("keep", "omit" as const),
  },
  { requiredKeys: ["direction"] },
);

const scene = fc.boolean().chain((foldsCase) =>
  fc.record({
    source: treeOf(false),
    target: treeOf(foldsCase),
    options,
    sourcePrecisionMs: fc.constantFrom(1, 1000, 60_000),
    manner: fc.record({
      precisionMs: fc.constantFrom(1, 1000, 60_000),
      foldsCase: fc.constant(foldsCase),
      keepsTimes: fc.boolean(),
    }),
  }),
);

type Scene = typeof scene extends fc.Arbitrary<infer Value> ? Value : never;

function planOptions({ options: given, manner }: Scene): PlanOptions {
  return { ...given, targetFoldsCase: manner.foldsCase, preservesTimes: manner.keepsTimes };
}

function once(given: Scene, target: ModelTree): ReturnType<typeof planActions> {
  const sourceManner: ListingManner = { precisionMs: given.sourcePrecisionMs };
  return planActions(listed(given.source, sourceManner), listed(target, given.manner), planOptions(given));
}

test("carrying out a plan and planning again changes nothing more", () => {
  fc.assert(
    fc.property(scene, (given) => {
      const nowMs = noon + 86_400_000;
      const after = carriedOut(once(given, given.target).actions, given.source, given.target, given.manner, nowMs);
      const again = once(given, after);
      assert.deepEqual(again.actions.filter(changesTarget), []);
      // What a hash decides is decided for good.
      assert.deepEqual(carriedOut(again.actions, given.source, after, given.manner, nowMs), after);
    }),
    { numRuns: 2500 },
  );
});

test("with deletion, replacement and no filter the target becomes the source", () => {
  fc.assert(
    fc.property(scene, (given) => {
      const whole: Scene = {
        ...given,
        manner: { ...given.manner, foldsCase: false },
        options: {
          direction: "download",
          delete: true,
          allowsEmptySource: true,
          typeClash: "replace",
          compare: ["size", "hash"],
        },
      };
      const plan = once(whole, whole.target);
      const after = carriedOut(plan.actions, whole.source, whole.target, whole.manner, noon);
      const contents = (tree: ModelTree): unknown =>
        [...tree]
          .filter(([, { kind }]) => kind === "file" || kind === "directory")
          .map(([name, { kind, content }]) => `${name} ${kind} ${content ?? ""}`)
          .toSorted();
      const clashes = plan.actions.some(({ kind }) => kind === "conflict");
      const leftOut = [...whole.source.values()].some(({ kind }) => kind === "link" || kind === "other");
      if (!clashes && !leftOut) assert.deepEqual(contents(after), contents(whole.source));
    }),
    { numRuns: 1000 },
  );
});

test("without deletion and replacement nothing of the target is lost", () => {
  fc.assert(
    fc.property(scene, (given) => {
      const safe: Scene = { ...given, options: { ...given.options, delete: false, typeClash: "conflict" } };
      const plan = once(safe, safe.target);
      assert.ok(plan.actions.every(({ kind }) => kind !== "delete"));
      const after = carriedOut(plan.actions, safe.source, safe.target, safe.manner, noon);
      for (const name of safe.target.keys()) assert.ok(after.has(name), name);
    }),
    { numRuns: 500 },
  );
});
