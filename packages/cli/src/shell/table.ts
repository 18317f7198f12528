import type { CommandTarget } from "../command-target.ts";
import type { NamedCommand, ShellCommand } from "./shell-context.ts";

const remote = async () => import("./remote-commands.ts");
const adapt = async (load: Promise<CommandTarget>, name: keyof Awaited<ReturnType<typeof remote>>["adaptations"]) => {
  const [{ adapted, adaptations }, target] = await Promise.all([remote(), load]);
  return adapted(target, adaptations[name]);
};
const places = async () => import("./place-commands.ts");
const control = async () => import("./job-commands.ts");
const own = async () => import("./own-commands.ts");
const tree = async () => import("./tree-commands.ts");

/** Every command, in the order of the help; the file of one is loaded when it is first called. */
export const shellTable: Readonly<Record<string, ShellCommand>> = {
  open: {
    brief: "Connect to a server and leave the one before",
    words: ["server"],
    isPlain: true,
    load: async () => (await places()).openCommand,
  },
  close: { brief: "Leave the server", words: [], load: async () => (await places()).closeCommand },
  cd: {
    brief: "Change the directory on the server; without a word to where the login began, - back",
    words: ["remote-directory"],
    changes: false,
    load: async () => (await places()).cdCommand,
  },
  lcd: {
    brief: "Change the local directory",
    words: ["local-directory"],
    changes: false,
    load: async () => (await places()).lcdCommand,
  },
  pwd: {
    brief: "Print the directory on the server",
    words: [],
    changes: false,
    load: async () => (await places()).pwdCommand,
  },
  lpwd: {
    brief: "Print the local directory",
    words: [],
    changes: false,
    load: async () => (await places()).lpwdCommand,
  },
  status: {
    brief: "Tell where you are connected, and how that is protected",
    words: [],
    changes: false,
    load: async () => (await places()).statusCommand,
  },
  ls: {
    brief: "List directories",
    aliases: ["dir"],
    words: ["remote"],
    changes: false,
    load: async () =>
      adapt(
        import("../commands/ls.ts").then(({ lsCommand }) => lsCommand),
        "ls",
      ),
  },
  tree: {
    brief: "Draw directories as a tree",
    words: ["remote-directory"],
    changes: false,
    load: async () =>
      adapt(
        import("../commands/tree.ts").then(({ treeCommand }) => treeCommand),
        "tree",
      ),
  },
  find: {
    brief: "List all that lies below directories, by name and type",
    words: ["remote-directory"],
    changes: false,
    load: async () => (await tree()).findCommand,
  },
  du: {
    brief: "Tell how much lies in directories",
    words: ["remote-directory"],
    changes: false,
    load: async () => (await tree()).duCommand,
  },
  stat: {
    brief: "Tell what the server knows of files and directories",
    words: ["remote"],
    changes: false,
    load: async () =>
      adapt(
        import("../commands/stat.ts").then(({ statCommand }) => statCommand),
        "stat",
      ),
  },
  cat: {
    brief: "Write files to the terminal, to a file (>) or into a program (|)",
    words: ["remote"],
    changes: false,
    load: async () =>
      adapt(
        import("../commands/cat.ts").then(({ catCommand }) => catCommand),
        "cat",
      ),
  },
  more: {
    brief: "Show files page by page",
    aliases: ["less", "page"],
    words: ["remote"],
    changes: false,
    load: async () =>
      adapt(
        import("../commands/cat.ts").then(({ catCommand }) => catCommand),
        "cat",
      ),
  },
  get: {
    brief: "Download files, with -r directories",
    aliases: ["mget"],
    words: ["remote"],
    flags: { "--output": "local" },
    changes: false,
    load: async () =>
      adapt(
        import("../commands/get.ts").then(({ getCommand }) => getCommand),
        "get",
      ),
  },
  put: {
    brief: "Upload files, with -r directories",
    aliases: ["mput"],
    words: ["local"],
    flags: { "--output": "remote" },
    load: async () =>
      adapt(
        import("../commands/put.ts").then(({ putCommand }) => putCommand),
        "put",
      ),
  },
  mirror: {
    brief: "Make a local directory like one of the server, with -R the reverse",
    words: ["remote-directory", "local-directory"],
    turnedBy: ["-R", "--reverse"],
    load: async () =>
      adapt(
        import("../commands/mirror.ts").then(({ mirrorCommand }) => mirrorCommand),
        "mirror",
      ),
  },
  fxp: {
    brief: "Copy files to another server, or from there",
    words: ["remote"],
    load: async () =>
      adapt(
        import("../commands/fxp.ts").then(({ fxpCommand }) => fxpCommand),
        "fxp",
      ),
  },
  mkdir: {
    brief: "Make directories",
    words: ["remote-directory"],
    load: async () =>
      adapt(
        import("../commands/mkdir.ts").then(({ mkdirCommand }) => mkdirCommand),
        "mkdir",
      ),
  },
  rmdir: {
    brief: "Remove empty directories",
    words: ["remote-directory"],
    load: async () => (await tree()).rmdirCommand,
  },
  rm: {
    brief: "Remove files and empty directories, with -r all that is in them",
    aliases: ["mrm"],
    words: ["remote"],
    load: async () =>
      adapt(
        import("../commands/rm.ts").then(({ rmCommand }) => rmCommand),
        "rm",
      ),
  },
  mv: {
    brief: "Move and rename files",
    aliases: ["rename"],
    words: ["remote"],
    load: async () =>
      adapt(
        import("../commands/mv.ts").then(({ mvCommand }) => mvCommand),
        "mv",
      ),
  },
  chmod: {
    brief: "Set permissions",
    words: ["nothing", "remote"],
    load: async () =>
      adapt(
        import("../commands/chmod.ts").then(({ chmodCommand }) => chmodCommand),
        "chmod",
      ),
  },
  hash: {
    brief: "Compute checksums of files",
    words: ["remote"],
    changes: false,
    load: async () =>
      adapt(
        import("../commands/hash.ts").then(({ hashCommand }) => hashCommand),
        "hash",
      ),
  },
  raw: {
    brief: "Send a command line to the server and show the reply",
    aliases: ["quote"],
    words: ["nothing"],
    load: async () =>
      adapt(
        import("../commands/raw.ts").then(({ rawCommand }) => rawCommand),
        "raw",
      ),
  },
  bookmark: {
    brief: "Keep places on servers under names, for open @NAME",
    aliases: ["bookmarks"],
    isPlain: true,
    words: ["nothing"],
    load: async () => (await import("./bookmark-commands.ts")).shellBookmarkCommands,
  },
  jobs: {
    brief: "List what runs in the background",
    words: [],
    changes: false,
    load: async () => (await control()).jobsCommand,
  },
  wait: {
    brief: "Wait for a job of the background, or for all",
    words: ["nothing"],
    isPlain: true,
    changes: false,
    load: async () => (await control()).waitCommand,
  },
  fg: {
    brief: "Take a job to the foreground",
    words: ["nothing"],
    isPlain: true,
    load: async () => (await control()).fgCommand,
  },
  kill: { brief: "End jobs", words: ["nothing"], isPlain: true, load: async () => (await control()).killCommand },
  queue: {
    brief: "Do one thing after the other in the background",
    words: ["nothing", "command", "remote"],
    load: async () => (await control()).queueCommands,
  },
  set: {
    brief: "Show and change settings",
    words: ["setting", "value"],
    isPlain: true,
    changes: false,
    load: async () => (await own()).setCommand,
  },
  alias: {
    brief: "Show and make names for commands",
    words: ["nothing", "command", "remote"],
    isPlain: true,
    load: async () => (await own()).aliasCommand,
  },
  history: { brief: "List what was typed", words: [], changes: false, load: async () => (await own()).historyCommand },
  help: {
    brief: "List the commands, or tell about one",
    aliases: ["?"],
    words: ["command"],
    isPlain: true,
    changes: false,
    load: async () => (await own()).helpCommand,
  },
  exit: {
    brief: "Leave the shell, when all jobs are done",
    aliases: ["quit", "bye"],
    words: ["nothing"],
    isPlain: true,
    load: async () => (await own()).exitCommand,
  },
};

/** The name in the table of a command or one of its aliases. */
export function commandNamed(name: string): NamedCommand | undefined {
  const command = Object.hasOwn(shellTable, name) ? shellTable[name] : undefined;
  if (command !== undefined) return { name, command };
  const found = Object.entries(shellTable).find(([, { aliases = [] }]) => aliases.includes(name));
  return found === undefined ? undefined : { name: found[0], command: found[1] };
}

/** All names that a command can be called by. */
export function commandNames(): readonly string[] {
  return Object.entries(shellTable).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
}
