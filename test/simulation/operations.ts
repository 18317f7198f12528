import type { Octets, TransferRequest, UserRequest, VirtualPath } from "@sallyport/protocol";
import type { FileModel } from "./file-model.ts";
import type { Random } from "./random.ts";

/** One thing that a user does, and what is expected of it. */
export interface Operation {
  readonly request: UserRequest;
  /** What an upload sends. */
  readonly content?: Octets;
  readonly check: Check;
  /** Whether the user thinks better of it while it runs. */
  readonly abortAfterMs?: number;
}

export type Check =
  | { readonly kind: "store"; readonly path: VirtualPath; readonly content: Octets }
  | { readonly kind: "retrieve"; readonly path: VirtualPath; readonly offset: number }
  | { readonly kind: "delete"; readonly path: VirtualPath }
  | { readonly kind: "rename"; readonly from: VirtualPath; readonly to: VirtualPath }
  | { readonly kind: "size"; readonly path: VirtualPath }
  /** Only this command is answered with this code and these words. */
  | { readonly kind: "answer"; readonly codes: readonly number[]; readonly words: string }
  | { readonly kind: "list"; readonly path: VirtualPath };

/** Draws what a user does next. Names are the user's own; contents are unique and say where they belong. */
export function drawOperation(random: Random, id: number, model: FileModel, chatty: boolean): Operation {
  const path = `/f${random.below(3)}` as VirtualPath;
  const maker = random.pick(chatty ? chattyMakers : makers);
  const drawn = maker(random, id, path, model);
  return drawn.request.kind === "transfer" && random.chance(0.15)
    ? { ...drawn, abortAfterMs: random.below(400) }
    : drawn;
}

type Maker = (random: Random, id: number, path: VirtualPath, model: FileModel) => Operation;

const store: Maker = (random, id, path) => {
  const head = `${path} by ${id}:`;
  const content = head.padEnd(random.chance(0.1) ? 0 : random.below(4_000), `${id % 10}`) as Octets;
  return {
    request: { kind: "transfer", id, verb: "STOR", argument: path, direction: "upload", ...drawForm(random) },
    content,
    check: { kind: "store", path, content },
  };
};

const append: Maker = (random, id, path, model) => {
  const before = model.certain(path);
  // What is appended to has to be known.
  if (before === undefined || !model.isCertain(path)) return store(random, id, path, model);
  const content = `+${id}:`.padEnd(random.below(1_000), "+") as Octets;
  return {
    request: { kind: "transfer", id, verb: "APPE", argument: path, direction: "upload", type: "I" },
    content,
    check: { kind: "store", path, content: (before + content) as Octets },
  };
};

/** Octets without line ends are the same in every TYPE, so that it is the codecs alone that are put to the test. */
function drawForm(random: Random): Pick<TransferRequest, "type" | "mode"> {
  return { type: random.pick(["I", "I", "A"]), mode: random.pick(["S", "S", "B", "C"]) };
}

const retrieve: Maker = (random, id, path, model) => {
  const length = model.certain(path)?.length ?? 0;
  const offset = random.chance(0.3) ? random.below(length + 1) : 0;
  return {
    request: {
      kind: "transfer",
      id,
      verb: "RETR",
      argument: path,
      direction: "download",
      ...(offset > 0 ? { type: "I", restartOffset: BigInt(offset) } : drawForm(random)),
    },
    check: { kind: "retrieve", path, offset },
  };
};

const list: Maker = (_, id, path) => ({
  request: { kind: "transfer", id, verb: "MLSD", argument: "/" as Octets, direction: "download", type: "A" },
  check: { kind: "list", path },
});

const remove: Maker = (_, id, path) => ({
  request: { kind: "command", id, verb: "DELE", argument: path },
  check: { kind: "delete", path },
});

const rename: Maker = (random, id, from) => {
  const to = `/r${random.below(2)}` as VirtualPath;
  return { request: { kind: "rename", id, from, to }, check: { kind: "rename", from, to } };
};

const size: Maker = (_, id, path) => ({
  request: { kind: "command", id, verb: "SIZE", argument: path },
  check: { kind: "size", path },
});

const help = ["CWD", "DELE", "EPSV", "FEAT", "MLSD", "NOOP", "PASV", "SIZE"];

/** HELP of a verb is answered with that verb, so that an answer to another command is found out. */
const ask: Maker = (random, id) => {
  const verb = random.pick(help);
  return {
    request: { kind: "command", id, verb: "HELP", argument: verb as Octets },
    check: { kind: "answer", codes: [214], words: verb },
  };
};

const noop: Maker = (_, id) => ({
  request: { kind: "command", id, verb: "NOOP" },
  check: { kind: "answer", codes: [200], words: "" },
});

const where: Maker = (_, id) => ({
  request: { kind: "command", id, verb: "PWD" },
  check: { kind: "answer", codes: [257], words: '"/"' },
});

const entry: Maker = (_, id) => ({
  request: { kind: "command", id, verb: "MLST", argument: "/" as Octets },
  check: { kind: "answer", codes: [250], words: " /" },
});

const status: Maker = (_, id) => ({
  request: { kind: "status", id },
  check: { kind: "answer", codes: [211], words: "" },
});

const makers: readonly Maker[] = [
  append,
  store,
  store,
  store,
  retrieve,
  retrieve,
  retrieve,
  list,
  remove,
  rename,
  size,
  ask,
  status,
  noop,
];
const chattyMakers: readonly Maker[] = [...makers, ask, where, entry, size, noop, where, ask, entry];
