import { CommandRefused, limitValues } from "@sallyport/protocol";
import assert from "node:assert/strict";
import test from "node:test";
import { withRetry } from "../../src/pool/retry.ts";

const limits = { ...limitValues(), retryCount: 2, retryMs: 1, retryMaxMs: 4 };

function failing(count: number, retry: string): { readonly work: () => Promise<number>; attempts: number } {
  const scene = {
    attempts: 0,
    work: async (): Promise<number> => {
      if (++scene.attempts <= count)
        throw Object.assign(new CommandRefused("SALLYPORT_COMMAND_REFUSED", "no"), { retry });
      return scene.attempts;
    },
  };
  return scene;
}

test("R-CLI-05 what may be asked again is, and what may not is not", async () => {
  assert.equal(await withRetry(failing(2, "again").work, { limits }), 3);
  const never = failing(1, "never");
  await assert.rejects(withRetry(never.work, { limits }), CommandRefused);
  assert.equal(never.attempts, 1);
});

test("R-CLI-05 what may have been carried out is asked again only where that does no harm", async () => {
  const once = failing(1, "check");
  await assert.rejects(withRetry(once.work, { limits }), CommandRefused);
  assert.equal(await withRetry(failing(1, "check").work, { limits, repeatable: true }), 2);
});

test("attempts end after the given number, and with the signal", async () => {
  const always = failing(99, "again");
  await assert.rejects(withRetry(always.work, { limits }), CommandRefused);
  assert.equal(always.attempts, 3);
  const signal = AbortSignal.timeout(20);
  await assert.rejects(
    withRetry(failing(99, "again").work, { limits: { ...limits, retryMs: 60_000, retryMaxMs: 60_000 }, signal }),
  );
});
