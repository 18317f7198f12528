import type { CheckSet, GradeCap } from "../checks/check.ts";
import type { ClientHelloFacts, TlsMode } from "../model/index.ts";
import type { IdentityName } from "./identities.ts";

/** How the server of a trial differs from a sound one. */
export interface TrialScript {
  readonly mode: TlsMode;
  /** Whom the control connection shows; default `good`. */
  readonly identity?: IdentityName;
  /** Whom data connections show; default as control. */
  readonly dataIdentity?: IdentityName;
  /** Reply to AUTH, without line end; what follows goes on in clear. */
  readonly authReply?: string;
  /** Answers AUTH by 234 and closes; whoever comes again finds no AUTH. */
  readonly closesAfterAuth?: boolean;
  /** A reply in clear behind the 234, in the same segment. */
  readonly injected?: string;
  /** How long the first command inside TLS waits for its reply. */
  readonly holdsFirstReplyMs?: number;
  /** Reply to PROT P. */
  readonly protReply?: string;
  /** PASV tells another address than that of the server. */
  readonly namesForeignAddress?: boolean;
  /** Data ends in the middle of the file, without close_notify, and 226 follows. */
  readonly truncatesData?: boolean;
  /** The implicit port speaks FTP in clear. */
  readonly isImplicitClear?: boolean;
  /** Nothing better than TLS 1.1. */
  readonly isOldTls?: boolean;
}

/** What one data connection of the client was like. */
export interface DataFacts {
  readonly verb: string | undefined;
  /** Whether the client went to the server's address or to the foreign one that it was told. */
  readonly address: "server" | "foreign";
  readonly protection: "C" | "P";
  /** `none`: it was asked for in clear. */
  readonly tls: "none" | "finished" | "failed";
  readonly isResumed: boolean;
  readonly hello: ClientHelloFacts | undefined;
  /** Octets of content that went to the client before the end. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly ending: Ending;
}

/** How the client ended its direction of a connection. */
export type Ending = "open" | "close-notify" | "bare" | "reset";

/** One line that the client sent; arguments of PASS and ACCT are masked. */
export interface HeardLine {
  readonly layer: "clear" | "tls";
  readonly text: string;
}

/** What one control connection of the client was like. */
export interface ControlFacts {
  readonly heard: readonly HeardLine[];
  readonly hello: ClientHelloFacts | undefined;
  readonly handshake: "none" | "finished" | "failed";
  /** Why the handshake failed: the client's alert, or how it left. */
  readonly refusal: string | undefined;
  readonly protocol: string | undefined;
  readonly suite: string | undefined;
  /** Commands inside TLS before the first reply inside it. */
  readonly earlyCommandsCount: number;
  readonly ending: Ending;
  readonly data: readonly DataFacts[];
}

/** How the client's program ended, where it was started for the trial. */
export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly isTimedOut: boolean;
  /** The last line that it wrote, escaped. */
  readonly said: string;
}

/** All that happened in one trial. */
export interface TrialFacts {
  readonly controls: readonly ControlFacts[];
  readonly program: ProgramEnd | undefined;
}

/** What a trial says of the client. Evidence is what was seen. */
export interface TrialVerdict {
  readonly status: "ok" | "warn" | "fail" | "info";
  /** A sentence without its full stop. */
  readonly text: string;
  readonly evidence: readonly string[];
  readonly cap?: GradeCap;
  readonly advice?: TrialAdvice;
}

export interface TrialAdvice {
  readonly text: string;
  /** The setting that mends it, by client. */
  readonly clients: Readonly<Record<string, string>>;
}

/** One row of the table: a way for a server to be bad, and what the client made of it. */
export interface Trial {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly reference: string;
  readonly set?: CheckSet;
  readonly script: TrialScript;
  /** `sound` is what the client did at a sound server in the same mode, where it logged in inside TLS. */
  judge(facts: TrialFacts, sound: TrialFacts): readonly TrialVerdict[] | { readonly untested: string };
}
