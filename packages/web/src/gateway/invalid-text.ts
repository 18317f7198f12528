import type { z } from "@hono/zod-openapi";

type Issue = Pick<z.core.$ZodIssue, "code" | "path" | "message"> & {
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly origin?: string;
};

/** Says in a sentence what is wrong with a request: what a person typed too much or too little of is named as such. */
export function invalidText(issues: readonly Issue[]): string {
  const [first] = issues;
  const said = first === undefined ? undefined : sentenceOf(first);
  if (said !== undefined) return said;
  const told = issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; ");
  return `The request is not understood: ${told.slice(0, 300)}`;
}

function sentenceOf({ code, path, minimum, maximum, origin }: Issue): string | undefined {
  const what = path.findLast((step) => typeof step === "string");
  if (what === undefined || origin !== "string") return undefined;
  if (code === "too_small" && Number(minimum) === 1) return `The ${what} is empty`;
  return code === "too_big" ? `The ${what} is longer than ${maximum} characters` : undefined;
}
