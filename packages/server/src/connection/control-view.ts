import type { Reply } from "@sallyport/protocol";
import type { MessageSecurity, SecurityContext, TlsFacts } from "@sallyport/transport";
import type { ListenerOptions } from "../options.ts";

/** An exchange of tokens that has begun. */
export interface SecurityExchange {
  readonly context: SecurityContext;
  /** Tokens of the peer so far. */
  tokensCount: number;
}

/** The control connection as handlers see it. */
export interface ControlView {
  readonly id: number;
  readonly listener: ListenerOptions;
  /** IPv4-mapped IPv6 addresses are written as IPv4. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** TLS of the control connection as of now; undefined in the clear. */
  readonly tls: TlsFacts | undefined;
  /** The security context that protects commands and replies by messages (RFC 2228); undefined without one. */
  readonly security: MessageSecurity | undefined;
  /** What ADAT goes on with; undefined where AUTH did not begin it, or it failed or is complete. */
  readonly exchange: SecurityExchange | undefined;
  /** Whether the client used up the tickets that it was given; it cannot resume any more then. */
  readonly ticketsSpent: boolean;
  /** Whether octets or commands wait that came in after the running command. */
  readonly hasPendingInput: boolean;
  /** Sends `reply` as AUTH was protected, releases what protected it, and waits for tokens for `context`. */
  beginExchange(context: SecurityContext, reply: Reply): Promise<void>;
  /** Gives up the context whose tokens were exchanged. */
  abandonExchange(): void;
  /** Sends `reply` in the clear; from then on commands and replies travel in messages of `security`. */
  enterMessages(security: MessageSecurity, reply: Reply): void;
  /** Sends `reply` in a message; from then on clear commands are answered in the clear (CCC). */
  clearMessages(reply: Reply): void;
  /** Sends `reply` in a message and releases the security context (REIN). */
  endMessages(reply: Reply): Promise<void>;
  /** Sends `reply` as AUTH was protected and starts TLS; rejects and closes the connection when the handshake fails. */
  startTls(reply: Reply): Promise<void>;
  /** Sends `reply` inside TLS and ends TLS, keeping the TCP connection (RFC 4217 §11, §12.3). */
  endTls(reply: Reply): Promise<void>;
  /** Ends an implicit TLS and waits for the peer to start another one, which is greeted again (R-IMP-08). */
  restartImplicitTls(reply: Reply): Promise<void>;
  /** Closes at once and says nothing; `cause` goes to the log as an attack. */
  rejectAttack(cause: string): void;
}
