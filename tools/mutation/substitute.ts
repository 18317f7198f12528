// Preloaded into every process of a trial: the one module of SALLYPORT_MUTANT_URL comes from SALLYPORT_MUTANT_FILE
// instead. The tree itself is never touched.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

const url = process.env["SALLYPORT_MUTANT_URL"];
const file = process.env["SALLYPORT_MUTANT_FILE"];

if (url !== undefined && file !== undefined) {
  registerHooks({
    load(wanted, context, nextLoad) {
      if (wanted !== url) return nextLoad(wanted, context);
      return { format: "module-typescript", source: readFileSync(file, "utf8"), shortCircuit: true };
    },
  });
}
