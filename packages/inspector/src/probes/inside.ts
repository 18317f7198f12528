import { codeOf, type Answer, type ProbeConnection } from "./control.ts";

/** What a server answers inside TLS to somebody who has not logged in. */
export interface InsideFacts {
  readonly features: Answer;
  /** PROT before PBSZ, which RFC 2228 §3 puts first. */
  readonly protBeforePbsz: Answer;
  readonly pbsz: Answer;
  readonly protClear: Answer;
  readonly protPrivate: Answer;
  readonly secondAuth: Answer;
  readonly clearControl: Answer;
  readonly system: Answer;
  readonly reinitialize: Answer;
}

/** Asks in an order in which nothing changes what comes after it; what ends the connection comes last. */
export async function askInside(connection: ProbeConnection): Promise<InsideFacts> {
  const ask = (line: string) => connection.command(line);
  return {
    features: await ask("FEAT"),
    protBeforePbsz: await ask("PROT P"),
    pbsz: await ask("PBSZ 0"),
    protClear: await ask("PROT C"),
    protPrivate: await ask("PROT P"),
    system: await ask("SYST"),
    secondAuth: await ask("AUTH TLS"),
    clearControl: await refusable(connection, "CCC"),
    reinitialize: await refusable(connection, "REIN"),
  };
}

/** Behind a command that ended TLS there is nothing left to ask. */
async function refusable(connection: ProbeConnection, line: string): Promise<Answer> {
  return connection.isSpent ? { kind: "closed" } : noting(connection, await connection.command(line));
}

function noting(connection: ProbeConnection, answer: Answer): Answer {
  if (codeOf(answer) >= 200 && codeOf(answer) < 300) connection.isSpent = true;
  return answer;
}
