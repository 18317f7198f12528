/** A deliberate fault in production code, which the simulation has to find within its quick count of runs. */
export interface Mutant {
  readonly name: string;
  readonly what: string;
  /** The first seed that found it, so that the proof need not search; where it fails to, the search begins anew. */
  readonly seed: number;
  readonly edits: readonly {
    readonly file: string;
    /** Stands in the file exactly once. */
    readonly find: string;
    readonly replace: string;
  }[];
}

const transfer = "protocol/src/user-pi-transfer.ts";
const opening = "protocol/src/user-pi-opening.ts";
const passive = "protocol/src/user-pi-passive.ts";
const turn = "protocol/src/user-pi-turn.ts";
const userPi = "protocol/src/user-pi.ts";
const serverPi = "protocol/src/server-pi.ts";

export const mutants: readonly Mutant[] = [
  {
    name: "upload-without-226",
    what: "An upload counts as complete when its octets have left, without the server's word.",
    seed: 7,
    edits: [
      {
        file: transfer,
        find: "if (ended.final !== undefined) return conclude(withJob(pi, ended), ended, ended.final, effects);",
        replace:
          "return conclude({ ...withJob(pi, ended), outstanding: [] }, ended, { code: 226, lines: [] }, effects);",
      },
    ],
  },
  {
    name: "download-without-close-notify",
    what: "A download that ended without close_notify counts as complete.",
    seed: 28,
    edits: [{ file: transfer, find: 'job.data.outcome === "complete")', replace: 'job.data.outcome !== "failed")' }],
  },
  {
    name: "download-without-its-end",
    what: "A download counts as complete with the 226, whatever became of its data.",
    seed: 28,
    edits: [
      {
        file: transfer,
        find: 'if (job.data.kind !== "ended" || job.data.outcome === "complete") {',
        replace: "if (Object.is(0, 0)) {",
      },
    ],
  },
  {
    name: "replies-one-off",
    what: "A reply is taken for the newest command instead of the oldest.",
    seed: 18,
    edits: [{ file: userPi, find: "const [oldest] = outstanding;", replace: "const oldest = outstanding.at(-1);" }],
  },
  {
    name: "status-unrecognised",
    what: "The reply to STAT during a transfer is taken for the transfer's.",
    seed: 34,
    edits: [{ file: userPi, find: "= statusCodes.has(code) ?", replace: "= statusCodes.has(-code) ?" }],
  },
  {
    name: "secrets-in-clear",
    what: "Where every AUTH is refused, USER and PASS go out in the clear.",
    seed: 66,
    edits: [
      {
        file: opening,
        find: "return mechanism === undefined ? unprotected(pi) : {",
        replace: "if (mechanism !== undefined) return {",
      },
      { file: turn, find: "if (secretPurposes.has(next.purpose) &&", replace: "if (Object.is(0, 1) &&" },
    ],
  },
  {
    name: "octets-behind-auth",
    what: "Octets behind the reply to AUTH are dropped instead of being fatal.",
    seed: 555,
    edits: [
      {
        file: "protocol/src/user-pi-intake.ts",
        find: 'current.phase === "handshaking" ? [octetsBehindAuth] :',
        replace: 'current.phase === "handshaking" ? [] :',
      },
    ],
  },
  {
    name: "abort-without-fence",
    what: "A transfer that was aborted is over with the first reply.",
    seed: 395,
    edits: [
      {
        file: transfer,
        find: 'return send(withJob(left, { ...job, aborting: "fenced" }), { purpose: "fence", verb: "NOOP", id, timer }, effects);',
        replace: "return end({ ...left, outstanding: [], timer }, job, aborted(job), effects);",
      },
    ],
  },
  {
    name: "stale-timers",
    what: "A timer counts that was armed for something else and is over.",
    seed: 13,
    edits: [{ file: userPi, find: "event.sequence === pi.timerSequence &&", replace: "" }],
  },
  {
    name: "foreign-address",
    what: "The address in reply 227 is followed.",
    seed: 23,
    edits: [
      { file: passive, find: 'policy.passiveAddress === "trust") return named;', replace: "named) return named;" },
    ],
  },
  {
    name: "uploads-repeatable",
    what: "A lost upload is said to be safe to repeat unseen.",
    seed: 4,
    edits: [
      {
        file: turn,
        find: "return !sent || repeatableVerbs.has(verb)",
        replace: "return sent || repeatableVerbs.has(verb)",
      },
    ],
  },
  {
    name: "second-data-connection",
    what: "The end of a data connection that was given up is taken for the end of its successor.",
    seed: 786,
    edits: [{ file: transfer, find: "|| job.connection !== event.connection) return pi;", replace: ") return pi;" }],
  },
  {
    name: "quit-unanswered",
    what: "The reply to QUIT settles nothing.",
    seed: 1,
    edits: [
      {
        file: userPi,
        find: "function left(pi: UserPi, exchange: Exchange, reply: ReceivedReply, effects: UserPiEffect[]): UserPi {\n  succeed(exchange.id, reply, effects);",
        replace:
          "function left(pi: UserPi, exchange: Exchange, reply: ReceivedReply, effects: UserPiEffect[]): UserPi {",
      },
    ],
  },
  {
    name: "restart-kept",
    what: "The server-PI keeps REST for the transfer after the next.",
    seed: 6,
    edits: [
      {
        file: serverPi,
        find: 'const consumed = { restart: { kind: "none" }, announcedBytes',
        replace: "const consumed = { announcedBytes",
      },
    ],
  },
  {
    name: "reply-twice",
    what: "The server-PI says the completion of a transfer twice.",
    seed: 1,
    edits: [
      {
        file: serverPi,
        find: 'last === undefined ? [] : [{ kind: "send", reply: last, ...level }];',
        replace:
          'last === undefined ? [] : [{ kind: "send", reply: last }, ...(last.code === 226 ? [{ kind: "send", reply: last } as const] : [])];',
      },
    ],
  },
  {
    name: "abort-unheard",
    what: "The server-PI answers ABOR and lets the transfer run.",
    seed: 19,
    edits: [
      {
        file: serverPi,
        find: "const queue = aborts ? [input, ...pi.queue] : [...pi.queue, input];",
        replace: "const queue = aborts ? pi.queue : [...pi.queue, input];",
      },
    ],
  },
  {
    name: "truncation-published",
    what: "The server publishes an upload over TLS that ended without close_notify.",
    seed: 246,
    edits: [
      {
        file: "server/src/transfer/upload.ts",
        find: 'throw truncated("the client closed the data connection without close_notify");',
        replace: "",
      },
    ],
  },
  {
    name: "abandoned-published",
    what: "The server publishes what it should give up.",
    seed: 19,
    edits: [
      {
        file: "server/src/transfer/upload.ts",
        find: "giveUp: (keep) => file.abandon({ keep }),",
        replace: "giveUp: async () => void (await file.publish()),",
      },
    ],
  },
  {
    name: "226-before-publishing",
    what: "The server says 226 and does not publish.",
    seed: 1,
    edits: [
      {
        file: "server/src/transfer/upload.ts",
        find: "const entry = await file.publish();",
        replace: "const entry = await file.abandon({ keep: false });",
      },
    ],
  },
  {
    name: "octets-behind-auth-line",
    what: "The server carries out what came in the clear behind AUTH.",
    seed: 322,
    edits: [
      {
        file: "server/src/commands/auth.ts",
        find: "if (control.hasPendingInput) {",
        replace: "if (Object.is(0, 1)) {",
      },
    ],
  },
  {
    name: "torn-memory",
    what: "The storage loses the last octet of what it publishes.",
    seed: 1,
    edits: [
      {
        file: "storage/memory/memory-upload.ts",
        find: "return this.#bytes.slice(0, this.#lengthBytes);",
        replace: "return this.#bytes.slice(0, Math.max(0, this.#lengthBytes - 1));",
      },
    ],
  },
];
