import type { DetectedProduct, ServerProductName } from "./server-product.ts";

/** How sure a cause is: `certain`, the server said so or nothing else does it; `likely`; `possible`, one of several. */
export type Likelihood = "certain" | "likely" | "possible";

/** Who can put an end to it. */
export type Fixer = "administrator" | "you" | "network";

/** A setting of one server that decides about a failure. */
export interface ServerSetting {
  readonly product: ServerProductName;
  /** The file, or the place where the product is administered. */
  readonly place: string;
  /** What to set, as it stands there. */
  readonly setting: string;
}

/** One reason why something failed. */
export interface ExplainedCause {
  /** Stable, as in `data-not-resumed`. */
  readonly id: string;
  readonly likelihood: Likelihood;
  /** Why, in a sentence or two. */
  readonly text: string;
  /** Those who can change it, the first before the others. */
  readonly fixedBy: readonly Fixer[];
  /** Of the server where it is known, else of those that are met most. */
  readonly settings: readonly ServerSetting[];
  /** What can be done on this side, by flag of the command and by option of the library. */
  readonly here?: ClientHelp;
  /** Where the rule stands, or what was measured. */
  readonly reference: string;
}

/** What the client can do about a failure. */
export interface ClientHelp {
  readonly text: string;
  /** Of the command. */
  readonly flag?: string;
  /** Of `connect` or the operation. */
  readonly option?: string;
}

/** Why something failed, in plain words. */
export interface FailureExplanation {
  /** The code of the error. */
  readonly code: string;
  /** One sentence: what is most likely the matter; where no cause is known, what happened. */
  readonly summary: string;
  /** How far things went, and where they ended. */
  readonly whatHappened: string;
  /** Absent where the server gave no sign of what it is. */
  readonly product?: DetectedProduct;
  /** The surest first; empty where none is known. */
  readonly causes: readonly ExplainedCause[];
}

/** A row of the table of causes. */
export interface FailureCause {
  readonly id: string;
  /** A few words for a list. */
  readonly title: string;
  readonly text: string;
  /** Any of them is enough; the first that fits says how sure it is. */
  readonly clues: readonly Clue[];
  readonly fixedBy: readonly Fixer[];
  readonly settings: Readonly<Partial<Record<ServerProductName, string>>>;
  readonly here?: ClientHelp;
  readonly reference: string;
}

/** What points to a cause; all that is given has to fit. */
export interface Clue {
  readonly likelihood: Likelihood;
  /** Codes of ours, of the error or of what caused it. */
  readonly codes?: readonly string[];
  readonly replies?: readonly number[];
  /** The text of the reply. */
  readonly says?: RegExp;
  readonly verbs?: readonly string[];
  /** Messages and codes of the error and of what caused it. */
  readonly error?: RegExp;
  /** What else has to be so. */
  readonly when?: (facts: FailureFacts) => boolean;
}

/** What is known of the connection on which something failed; errors of a dialogue carry it. */
export interface FailureCircumstances {
  /** The greeting's lines, from nobody in particular where it came before TLS. */
  readonly greeting: readonly string[];
  readonly security: "explicit" | "implicit" | "plain";
  /** Of the control connection, as in `TLSv1.3`; undefined in clear. */
  readonly tlsVersion: string | undefined;
  /** Whether a Kerberos ticket protects the connection in the place of TLS. */
  readonly isGssapi: boolean;
  readonly dataProtection: "C" | "S" | "P";
  readonly dataSetup: "passive" | "active";
  /** Whether TLS on the data connection was resumed; undefined where none stood. */
  readonly dataResumed: boolean | undefined;
  /** The address of the server, or its name behind a proxy. */
  readonly peerAddress: string;
}

/** A failure taken apart for the table. */
export interface FailureFacts {
  readonly code: string;
  /** All codes, those of what caused it included. */
  readonly codes: readonly string[];
  /** All messages, with the codes. */
  readonly messages: string;
  /** Of the command that failed, in capitals. */
  readonly verb: string | undefined;
  readonly command: string | undefined;
  readonly replyCode: number | undefined;
  /** With blanks for the ends of lines. */
  readonly replyText: string;
  /** The last lines of the dialogue, oldest first. */
  readonly dialogue: readonly string[];
  readonly circumstances: Partial<FailureCircumstances>;
  readonly product: DetectedProduct | undefined;
}
