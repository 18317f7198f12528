import type { Octets } from "./octets.ts";
import type { DataProtection, TransferRequest, UserPi } from "./user-pi-state.ts";
import type { NextCommand } from "./user-pi-turn.ts";

/*
 * What a transfer needs to hold at the server: TYPE, STRU and MODE, and where two servers move the octets between them
 * also PROT and SSCN. Each is said where it differs from what was said last, so that a transfer after such a one has its
 * protection back before anything else happens.
 */

interface Parameter {
  readonly verb: string;
  /** What is to hold for a transfer; undefined where the connection has no such thing. */
  readonly wanted: (pi: UserPi, request: TransferRequest) => string | undefined;
  readonly inForce: (pi: UserPi) => string;
  readonly taken: (pi: UserPi, request: TransferRequest) => UserPi;
}

/** In the order in which they are said. SSCN needs PROT P before it (R-FXP-02). */
export const transferParameters = {
  type: {
    verb: "TYPE",
    wanted: (_, { type }) => type,
    inForce: ({ parameters }) => parameters.type,
    taken: (pi, { type }) => ({ ...pi, parameters: { ...pi.parameters, type } }),
  },
  structure: {
    verb: "STRU",
    wanted: (_, { structure = "F" }) => structure,
    inForce: ({ parameters }) => parameters.structure,
    taken: (pi, { structure = "F" }) => ({ ...pi, parameters: { ...pi.parameters, structure } }),
  },
  mode: {
    verb: "MODE",
    wanted: (_, { mode = "S" }) => mode,
    inForce: ({ parameters }) => parameters.mode,
    taken: (pi, { mode = "S" }) => ({ ...pi, parameters: { ...pi.parameters, mode } }),
  },
  "data-protection": {
    verb: "PROT",
    wanted: (pi, request) => (pi.opening.protection === "unasked" ? undefined : protectionFor(pi, request)),
    inForce: ({ opening }) => opening.protection,
    taken: (pi, request) => ({ ...pi, opening: { ...pi.opening, protection: protectionFor(pi, request) } }),
  },
  "secure-client": {
    verb: "SSCN",
    wanted: (_, { between }) => (between?.secureClient === true ? "ON" : "OFF"),
    inForce: ({ secureClient }) => (secureClient ? "ON" : "OFF"),
    taken: (pi, { between }) => ({ ...pi, secureClient: between?.secureClient === true }),
  },
} as const satisfies Partial<Record<NextCommand["purpose"], Parameter>>;

/** The first of them that is not yet as a transfer needs it. */
export function nextParameter(pi: UserPi, request: TransferRequest): NextCommand | undefined {
  for (const purpose of purposes) {
    const { verb, wanted, inForce }: Parameter = transferParameters[purpose];
    const argument = wanted(pi, request);
    if (argument !== undefined && argument !== inForce(pi)) {
      return { purpose, verb, argument: argument as Octets, id: request.id };
    }
  }
  return undefined;
}

const purposes = Object.keys(transferParameters) as (keyof typeof transferParameters)[];

function protectionFor({ policy }: UserPi, { between }: TransferRequest): DataProtection {
  return between?.protection ?? policy.dataProtection;
}
