import { explainCheck, renderCheckExplanation } from "@sallyport/inspector";
import { UsageError } from "@sallyport/protocol";
import type { Drawing } from "../terminal/table.ts";

/** What `--explain ID` says, for a person or as JSON. */
export function checkExplanationLines(id: string, isJson: boolean, drawing: Drawing): readonly string[] {
  const explanation = explainCheck(id);
  if (explanation === undefined) throw new UsageError("SALLYPORT_USAGE", `There is nothing to say about ${id}.`);
  return isJson ? [JSON.stringify(explanation, undefined, 2)] : renderCheckExplanation(explanation, drawing);
}
