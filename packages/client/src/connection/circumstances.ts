import {
  displayOctets,
  type Octets,
  type ReceivedReply,
  type SallyportError,
  type UserPiPolicy,
} from "@sallyport/protocol";
import type { ClientTlsFacts } from "@sallyport/transport";
import type { FailureCircumstances } from "../explain/explanation.ts";
import type { DataTask } from "./data-task.ts";

/** What a connection knows of itself when something fails on it. */
export interface ConnectionFacts {
  readonly greeting: ReceivedReply | undefined;
  readonly policy: UserPiPolicy;
  readonly tls: ClientTlsFacts | undefined;
  readonly isGssapi: boolean;
  readonly peerAddress: string;
}

/** Gives an error what `explainFailure` asks about its connection, and about its data connection where it had one. */
export function withCircumstances(error: SallyportError, facts: ConnectionFacts, task?: DataTask): SallyportError {
  const { greeting, policy, tls, isGssapi, peerAddress } = facts;
  const circumstances: FailureCircumstances = {
    greeting:
      greeting?.lines.map((line, at) => displayOctets((at === 0 ? `${greeting.code} ${line}` : line) as Octets)) ?? [],
    security: policy.security,
    tlsVersion: tls?.protocol,
    isGssapi,
    dataProtection: policy.dataProtection,
    dataSetup: policy.dataSetup,
    dataResumed: task?.facts?.tls?.resumed,
    peerAddress,
  };
  return Object.assign(error, { circumstances });
}
