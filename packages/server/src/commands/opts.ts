import { factSelectionText, findHashAlgorithm, type Octets, parseFactSelection, reply } from "@sallyport/protocol";
import type { CommandContext, CommandHandler, Outcome } from "../command-handler.ts";

type OptionHandler = (context: CommandContext, options: Octets) => Outcome;

/** RFC 2389 §4: 200, or 501 for what cannot be; never 502 or 504 (R-2389-04). */
export const opts: CommandHandler<"OPTS"> = (context, argument) => {
  const space = argument.indexOf(" ");
  const verb = (space < 0 ? argument : argument.slice(0, space)).toUpperCase();
  const options = (space < 0 ? "" : argument.slice(space + 1)) as Octets;
  const handler = Object.hasOwn(handlers, verb) ? handlers[verb] : undefined;
  return handler === undefined ? { reply: reply(501, "That command has no options.") } : handler(context, options);
};

const handlers: Readonly<Record<string, OptionHandler>> = {
  UTF8: utf8,
  "UTF-8": utf8,
  MLST: mlst,
  HASH: hash,
  MODE: mode,
};

/** Names are UTF-8 always; asking for it is harmless, asking for less is refused (R-2640-06). */
function utf8(_context: CommandContext, options: Octets): Outcome {
  const off = /^ *off *$/i.test(options);
  return { reply: off ? reply(501, "Names are UTF-8 always.") : reply(200, "Names are UTF-8.") };
}

function mlst(_context: CommandContext, options: Octets): Outcome {
  const facts = parseFactSelection(options);
  if (facts === undefined) return { reply: reply(501, "OPTS MLST takes fact;fact; without spaces.") };
  return { reply: reply(200, factSelectionText(facts)), changes: { facts } };
}

function hash({ state }: CommandContext, options: Octets): Outcome {
  const wanted = options.trim();
  if (wanted === "") return { reply: reply(200, state.hashAlgorithm) };
  const algorithm = findHashAlgorithm(wanted);
  if (algorithm === undefined) return { reply: reply(501, "That algorithm is not offered.") };
  return { reply: reply(200, algorithm), changes: { hashAlgorithm: algorithm } };
}

/** `MODE Z` alone resets, `MODE Z LEVEL n` sets the effort; other keys of the draft are not offered (R-MODZ-02). */
function mode(_context: CommandContext, options: Octets): Outcome {
  const match = /^ *Z(?: +LEVEL +([0-9]))? *$/i.exec(options);
  if (match === null) return { reply: reply(501, "OPTS MODE takes Z LEVEL 0 to 9.") };
  return {
    reply: reply(200, `MODE Z LEVEL set to ${match[1] ?? "6"}.`),
    changes: { deflateLevel: Number(match[1] ?? 6) },
  };
}
