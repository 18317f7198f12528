// Makes this process a simulation.
import { registerHooks } from "node:module";
import { mutants } from "./mutants.ts";
import { installClock } from "./virtual-clock.ts";

const here = (name: string): string => new URL(name, import.meta.url).href;

const standIns: readonly { readonly specifier: string; readonly parents: RegExp; readonly url: string }[] = [
  { specifier: "@sallyport/transport", parents: /packages\/server\/src\//, url: here("opaque-transport.ts") },
  {
    specifier: "node:timers/promises",
    parents: /packages\/(?:server|transport)\/src\//,
    url: here("timers-promises.ts"),
  },
  { specifier: "node:crypto", parents: /packages\/server\/src\/(?!accounts)/, url: here("crypto.ts") },
];

const mutantName = process.env["SALLYPORT_SIMULATION_MUTANT"];
const mutant = mutants.find(({ name }) => name === mutantName);
if (mutantName !== undefined && mutant === undefined) throw new Error(`there is no mutant ${mutantName}`);

/** Puts the hooks and the clock in place, for the modules that are loaded from here on. */
export function becomeSimulation(): void {
  registerHooks({
    resolve(specifier, context, next) {
      const parent = context.parentURL ?? "";
      const standIn = standIns.find((row) => row.specifier === specifier && row.parents.test(parent));
      return standIn === undefined ? next(specifier, context) : { url: standIn.url, shortCircuit: true };
    },
    load(url, context, next) {
      const loaded = next(url, context);
      const edits = mutant?.edits.filter(({ file }) => url.endsWith(file)) ?? [];
      if (edits.length === 0) return loaded;
      let source = Buffer.from(loaded.source as Uint8Array).toString("utf8");
      for (const { file, find, replace } of edits) {
        if (source.split(find).length !== 2) throw new Error(`${mutantName} does not fit ${file} any more`);
        source = source.replace(find, () => replace);
      }
      return { ...loaded, source };
    },
  });

  installClock();
}
