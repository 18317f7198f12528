import type { Octets } from "@sallyport/protocol";
import type { CommandContext, Outcome } from "../../command-handler.ts";

/** Carries out one SITE verb; the argument is what follows its one space. */
export type SiteHandler = (context: CommandContext, argument: Octets) => Outcome | Promise<Outcome>;
