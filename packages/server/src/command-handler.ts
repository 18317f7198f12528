import {
  type ArgumentOf,
  isVirtualPath,
  type LimitValues,
  type Octets,
  type Reply,
  resolvePath,
  type Verb,
  type VirtualPath,
} from "@sallyport/protocol";
import type { ControlView } from "./connection/control-view.ts";
import type { DataSetup } from "./connection/data-setup.ts";
import type { TransferProgress } from "./connection/deadlines.ts";
import type { ServerEnvironment } from "./environment.ts";
import type { Login, PiState } from "./login/login-state.ts";
import type { ServerEventDetail } from "./observer.ts";
import { replyForPathFailure } from "./storage-replies.ts";

/** What a handler makes of a command: the completion reply and what changes with it. */
export interface Outcome {
  /** Absent where the handler sent everything itself. */
  readonly reply?: Reply;
  readonly changes?: Partial<PiState>;
  /** What the peer need not wait for: called once, right after the reply was sent or can be sent no more. */
  readonly afterwards?: () => void;
}

/** What a handler may see and do. It lives for one command. */
export interface CommandContext {
  readonly verb: Verb;
  readonly state: PiState;
  readonly environment: ServerEnvironment;
  readonly limits: LimitValues;
  readonly control: ControlView;
  readonly data: DataSetup;
  /** Aborts on ABOR and when the control connection is lost. */
  readonly signal: AbortSignal;
  /** Sends a reply before the completion reply, such as 150. */
  send(reply: Reply): void;
  emit(event: ServerEventDetail): void;
  /** Notes how far the running transfer is, for STAT. */
  noteProgress(progress: TransferProgress): void;
  progress(): TransferProgress | undefined;
}

/** Carries out one verb. Storage errors may be thrown; the connection turns them into replies by one table. */
export type CommandHandler<V extends Verb> = (
  context: CommandContext,
  argument: ArgumentOf<V>,
) => Outcome | Promise<Outcome>;

/** The login of a command whose row demands one. */
export function loginOf(context: CommandContext): Login {
  const { login } = context.state;
  if (login.kind !== "logged-in") throw new Error(`${context.verb} ran without a login`);
  return login.account;
}

/** Resolves a pathname against the working directory and goes on with it, or answers why it cannot. */
export function withPath(
  context: CommandContext,
  pathname: Octets | undefined,
  proceed: (path: VirtualPath, login: Login) => Outcome | Promise<Outcome>,
): Outcome | Promise<Outcome> {
  const path = resolvePath(context.state.workingDirectory, pathname ?? ("" as Octets));
  if (!isVirtualPath(path)) return { reply: replyForPathFailure(path, context.verb) };
  return proceed(path, loginOf(context));
}
