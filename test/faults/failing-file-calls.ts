// Imported before anything of the server, so that every file call which it makes, now or from a name that it took at
// load time, goes through here and can be made to fail.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { constants } from "node:os";

export type Errno = "ENOSPC" | "EIO" | "EACCES" | "EMFILE";

/** What failed, and how many calls there were. */
export interface Observed {
  readonly callsCount: number;
  readonly failed: string | undefined;
}

/** Makes the n-th file call from now on fail; every other is carried out. */
export function failCall(number: number, errno: Errno): void {
  plan = { number, errno, callsCount: 0, failed: undefined };
}

/** Ends that, and tells what came of it. */
export function endFailing(): Observed {
  const { callsCount, failed } = plan ?? { callsCount: 0, failed: undefined };
  plan = undefined;
  return { callsCount, failed };
}

/** Looks at something for the test itself: these calls neither count nor fail. */
export function aside<T>(look: () => T): T {
  const kept = plan;
  plan = undefined;
  try {
    return look();
  } finally {
    plan = kept;
  }
}

let plan:
  | { readonly number: number; readonly errno: Errno; callsCount: number; failed: string | undefined }
  | undefined;

/** The failure that a call is to have, or undefined where it is to be carried out. */
function failureOf(name: string, path: unknown): Error | undefined {
  if (plan === undefined || (name === "close" && !isWritable(path))) return undefined;
  if (++plan.callsCount !== plan.number) return undefined;
  const { errno } = plan;
  plan.failed = `${name} ${typeof path === "number" ? "descriptor" : String(path).replace(/\/proc\/self\/fd\/\d+/, "*")}`;
  const error = new Error(`${errno}: injected, ${name}`);
  return Object.assign(error, { code: errno, errno: -constants.errno[errno], syscall: name });
}

/** Only closing what was written can fail, on network file systems: O_PATH descriptors have nothing to flush. */
function isWritable(descriptor: unknown): boolean {
  return aside(() => {
    const flags = /^flags:\s*([0-7]+)/m.exec(realRead(`/proc/self/fdinfo/${String(descriptor)}`, "latin1"))?.[1];
    return (parseInt(flags ?? "0", 8) & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0;
  });
}

const realRead = fs.readFileSync;

type Call = (...given: unknown[]) => unknown;

const names = [
  ...["open", "close", "fstat", "lstat", "stat", "readlink", "access", "mkdir", "rmdir", "unlink", "rename", "link"],
  ...["symlink", "chmod", "utimes", "futimes", "fchmod", "fchown", "ftruncate", "opendir", "read", "write", "fsync"],
  ...["statfs", "copyFile", "readdir", "rm"],
];

const table = fs as unknown as Record<string, Call>;
const promised = fs.promises as unknown as Record<string, Call>;
const directory = fs.Dir.prototype as unknown as Record<string, Call>;

/** Closing gives the number back even where it fails, as close(2) does. */
const isDoneAllTheSame = (name: string): boolean => name === "close";

function failAtOnce(name: string, real: Call): Call {
  return function (this: unknown, ...given) {
    const failure = failureOf(name, given[0]);
    if (failure === undefined || isDoneAllTheSame(name)) {
      const result = real.apply(this, given);
      if (failure === undefined) return result;
    }
    throw failure;
  };
}

function failByCallback(name: string, real: Call): Call {
  return function (this: unknown, ...given) {
    const done = given.at(-1);
    const failure = typeof done === "function" ? failureOf(name, given[0]) : undefined;
    if (failure === undefined || typeof done !== "function") return real.apply(this, given);
    if (isDoneAllTheSame(name)) return real.call(this, ...given.slice(0, -1), () => void done(failure));
    return void setImmediate(() => void done(failure));
  };
}

function failByPromise(name: string, real: Call): Call {
  return async function (this: unknown, ...given) {
    const failure = failureOf(name, given[0]);
    if (failure !== undefined) throw failure;
    return real.apply(this, given);
  };
}

for (const name of names) {
  for (const [owner, key, wrap] of [
    [table, `${name}Sync`, failAtOnce],
    [table, name, failByCallback],
    [promised, name, failByPromise],
  ] as const) {
    const real = owner[key];
    if (real !== undefined) owner[key] = wrap(name, real);
  }
}
for (const [key, wrap] of [
  ["readSync", failAtOnce],
  ["read", failByPromise],
] as const) {
  const real = directory[key];
  if (real !== undefined) directory[key] = wrap("getdents", real);
}
syncBuiltinESMExports();
