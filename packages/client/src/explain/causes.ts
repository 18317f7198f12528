import { dataConnectionCauses } from "./causes/data-connection.ts";
import { fileCauses } from "./causes/files.ts";
import { kerberosCauses } from "./causes/kerberos.ts";
import { loginCauses } from "./causes/login.ts";
import { reachingCauses } from "./causes/reaching.ts";
import { stayingCauses } from "./causes/staying.ts";
import { trustCauses } from "./causes/trust.ts";
import type { FailureCause } from "./explanation.ts";

/** Why things fail, group by group, in the order in which a connection goes. */
export const causeGroups: readonly (readonly [heading: string, causes: readonly FailureCause[]])[] = [
  ["Reaching the server", reachingCauses],
  ["TLS and who the server is", trustCauses],
  ["Logging in", loginCauses],
  ["Logging in by Kerberos", kerberosCauses],
  ["Data connections", dataConnectionCauses],
  ["Staying connected", stayingCauses],
  ["Files and directories", fileCauses],
];

/** The rows of all groups. */
export const causes: readonly FailureCause[] = causeGroups.flatMap(([, group]) => group);
