import assert from "node:assert/strict";
import {
  limitValues,
  newUserPi,
  type Octets,
  receiveOctets,
  ReplyDecoder,
  type Settlement,
  stepUserPi,
  type TransferRequest,
  type UserPi,
  type UserPiEffect,
  type UserPiEvent,
  type UserPiPolicy,
  type UserPiStart,
} from "@sallyport/protocol";

const policy: UserPiPolicy = {
  security: "explicit",
  mechanisms: ["TLS", "TLS-C", "SSL"],
  dataProtection: "P",
  dataSetup: "passive",
  passiveAddress: "control",
  pipelinedMax: 1,
  limits: limitValues(),
};

/** A user-PI and all that it wanted, with the server's part played by hand. */
export class Dialogue {
  pi: UserPi;
  readonly effects: UserPiEffect[] = [];
  readonly #decoder = new ReplyDecoder(limitValues());
  #read = 0;

  constructor(changes: Partial<UserPiPolicy> = {}, start: Partial<UserPiStart> = {}) {
    const { pi, effects } = newUserPi({
      policy: { ...policy, ...changes },
      credentials: { user: "alice" as Octets, password: "s3cret" as Octets },
      peerAddress: "192.0.2.1",
      ...start,
    });
    this.pi = pi;
    this.effects.push(...effects);
  }

  /** The server says something; returns the command lines that follow. */
  says(text: string): string[] {
    const { pi, effects } = receiveOctets(this.pi, this.#decoder, Buffer.from(text, "latin1"));
    return this.#note(pi, effects);
  }

  /** A reply of one line. */
  answers(...replies: string[]): string[] {
    return this.says(replies.map((reply) => `${reply}\r\n`).join(""));
  }

  happens(event: UserPiEvent): string[] {
    const { pi, effects } = stepUserPi(this.pi, event);
    return this.#note(pi, effects);
  }

  asks(request: Extract<UserPiEvent, { kind: "request" }>["request"]): string[] {
    return this.happens({ kind: "request", request });
  }

  /** The timer that is armed runs out. */
  waits(): string[] {
    return this.happens({ kind: "timeout", sequence: this.pi.timerSequence });
  }

  of<K extends UserPiEffect["kind"]>(kind: K): Extract<UserPiEffect, { kind: K }>[] {
    return this.effects.filter((effect): effect is Extract<UserPiEffect, { kind: K }> => effect.kind === kind);
  }

  settlement(id: number): Settlement | undefined {
    return this.of("settled").find((effect) => effect.id === id)?.settlement;
  }

  outcome(id: number): number | string | undefined {
    const settlement = this.settlement(id);
    return settlement?.ok === false ? settlement.failure.code : settlement?.reply.code;
  }

  #note(pi: UserPi, effects: readonly UserPiEffect[]): string[] {
    this.pi = pi;
    this.effects.push(...effects);
    const lines = this.of("send").map(({ line }) => line as string);
    const fresh = lines.slice(this.#read);
    this.#read = lines.length;
    return fresh;
  }
}

export function secured(changes: Partial<UserPiPolicy> = {}, start: Partial<UserPiStart> = {}): Dialogue {
  const dialogue = new Dialogue(changes, start);
  dialogue.answers("220 ready");
  dialogue.answers("234 go");
  dialogue.happens({ kind: "tls-established" });
  return dialogue;
}

/** Opened, with FEAT empty. */
export function opened(changes: Partial<UserPiPolicy> = {}, start: Partial<UserPiStart> = {}): Dialogue {
  const dialogue = secured(changes, start);
  for (const reply of ["331 password", "230 in", "200 ok", "200 P", "502 no FEAT"]) dialogue.answers(reply);
  assert.equal(dialogue.pi.phase, "open");
  return dialogue;
}

export const download: TransferRequest = {
  kind: "transfer",
  id: 1,
  verb: "RETR",
  argument: "f" as Octets,
  direction: "download",
  type: "A",
};
export const upload: TransferRequest = { ...download, verb: "STOR", direction: "upload" };

/** A transfer whose command was just sent. */
export function transferring(request: TransferRequest): Dialogue {
  const dialogue = opened();
  dialogue.asks(request);
  dialogue.answers("229 (|||4000|)");
  assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 1 }), [`${request.verb} f`]);
  return dialogue;
}

export function dataEnded(dialogue: Dialogue, outcome: "complete" | "truncated" | "failed", connection = 1): string[] {
  return dialogue.happens({ kind: "data-ended", connection, outcome });
}
