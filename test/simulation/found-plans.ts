import type { Plan } from "./plan.ts";

/** Runs that failed once, as small as they could be made, each with what it was that failed. */
export const foundPlans: readonly { readonly what: string; readonly plan: Plan }[] = [
  {
    what: "an effect of an earlier event put its timer over that of a later one, and a lost reply to PORT hung for ever",
    plan: {
      seed: 913,
      security: "implicit",
      dataSetup: "active",
      manners: { delayMs: 200, pieceBytes: 40 },
      operationsCount: 3,
      depth: 1,
      wrongPassword: false,
      trusted: true,
      staleTimers: false,
      faults: [{ hits: "control", connection: 0, lane: "fromServer", kind: "silence", atOctet: 954 }],
      events: [],
      isCalm: false,
    },
  },
];
