import { causes } from "./causes.ts";
import type {
  ExplainedCause,
  FailureCause,
  FailureCircumstances,
  FailureExplanation,
  FailureFacts,
  Likelihood,
  ServerSetting,
} from "./explanation.ts";
import { failureFacts, fits } from "./failure-facts.ts";
import { type DetectedProduct, settingPlaces, type ServerProductName } from "./server-product.ts";
import { whatHappened } from "./what-happened.ts";

/**
 * Explains an error of this library: what happened, why, the surest reason first, which setting of the server decides
 * about it and what helps on this side. `known` adds to what the error itself carries of its connection. Pure: asks no
 * server. Undefined for an error that is not
 * one of ours or says by itself what is wrong; without a known cause the list of them is empty.
 */
export function explainFailure(
  error: unknown,
  known: Partial<FailureCircumstances> = {},
): FailureExplanation | undefined {
  const facts = failureFacts(error, known);
  if (facts === undefined) return undefined;
  const happened = whatHappened(facts);
  if (happened === undefined) return undefined;
  const found = likeliest(facts).map(([likelihood, cause]) => explained(cause, likelihood, facts));
  const [first] = found;
  return {
    code: facts.code,
    summary: first === undefined ? happened : first.text,
    whatHappened: happened,
    ...(facts.product && { product: facts.product }),
    causes: found,
  };
}

/** Causes beyond these are no explanation any more. */
const causesMax = 3;

const order: readonly Likelihood[] = ["certain", "likely", "possible"];

/** What is certain leaves nothing else to be said. */
function likeliest(facts: FailureFacts): readonly (readonly [Likelihood, FailureCause])[] {
  const found = causes.flatMap((cause) => {
    const clue = cause.clues.find((one) => fits(one, facts));
    return clue === undefined ? [] : [[clue.likelihood, cause] as const];
  });
  const isCertain = found.some(([likelihood]) => likelihood === "certain");
  return found
    .filter(([likelihood]) => !isCertain || likelihood === "certain")
    .toSorted(([one], [other]) => order.indexOf(one) - order.indexOf(other))
    .slice(0, causesMax);
}

function explained(
  { id, text, fixedBy, settings, here, reference }: FailureCause,
  likelihood: Likelihood,
  { product }: FailureFacts,
): ExplainedCause {
  return {
    id,
    likelihood,
    text,
    fixedBy,
    settings: settingsFor(settings, product),
    ...(here && { here }),
    reference,
  };
}

/** Of a server that is known only its own, even where that is none. */
function settingsFor(
  settings: FailureCause["settings"],
  product: DetectedProduct | undefined,
): readonly ServerSetting[] {
  const names = product === undefined ? (Object.keys(settings) as ServerProductName[]) : [product.name];
  return names.flatMap((name) => {
    const setting = settings[name];
    return setting === undefined ? [] : [{ product: name, place: settingPlaces[name], setting }];
  });
}
