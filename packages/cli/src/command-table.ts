import { buildCommand } from "@stricli/core";
import type { CommandFacts } from "./command-facts.ts";
import type { CommandRow, CommandTarget } from "./command-target.ts";

/** Every command, in the order of the help; a command's file is loaded when it is called. */
const commandTable = {
  start: {
    brief: "Serve with a demo account and embedded defaults, and print how to connect",
    load: async () => (await import("./commands/start.ts")).startCommand,
  },
  serve: {
    brief: "Serve a directory over FTPS, explicit and implicit",
    load: async () => (await import("./commands/serve.ts")).serveCommand,
  },
  user: {
    brief: "Add, change and remove accounts",
    load: async () => (await import("./commands/user.ts")).userCommands,
  },
  cert: {
    brief: "Show and create the server's certificate",
    load: async () => (await import("./commands/cert.ts")).certCommands,
  },
  config: {
    brief: "Check, show and begin a server's configuration",
    load: async () => (await import("./commands/config.ts")).configCommands,
  },
  who: {
    brief: "Show who is connected to the running server, and what they do",
    load: async () => (await import("./commands/who.ts")).whoCommand,
  },
  kick: {
    brief: "Close connections of the running server, and ban where they come from",
    load: async () => (await import("./commands/kick.ts")).kickCommand,
  },
  unban: {
    brief: "End the ban of an address",
    load: async () => (await import("./commands/kick.ts")).unbanCommand,
  },
  events: {
    brief: "List the events that programs and webhooks have not been told of yet",
    load: async () => (await import("./commands/events.ts")).eventsCommand,
  },
  ls: {
    brief: "List directories of a server",
    load: async () => (await import("./commands/ls.ts")).lsCommand,
  },
  tree: {
    brief: "Draw directories of a server as a tree",
    load: async () => (await import("./commands/tree.ts")).treeCommand,
  },
  stat: {
    brief: "Tell what a server knows of files and directories",
    load: async () => (await import("./commands/stat.ts")).statCommand,
  },
  cat: {
    brief: "Write files of a server to standard output",
    load: async () => (await import("./commands/cat.ts")).catCommand,
  },
  get: {
    brief: "Download files and directories",
    load: async () => (await import("./commands/get.ts")).getCommand,
  },
  put: {
    brief: "Upload files and directories",
    load: async () => (await import("./commands/put.ts")).putCommand,
  },
  mirror: {
    brief: "Make a directory here like one on a server, or the reverse",
    load: async () => (await import("./commands/mirror.ts")).mirrorCommand,
  },
  fxp: {
    brief: "Copy files from one server to another",
    load: async () => (await import("./commands/fxp.ts")).fxpCommand,
  },
  mv: {
    brief: "Move and rename files on a server",
    load: async () => (await import("./commands/mv.ts")).mvCommand,
  },
  rm: {
    brief: "Remove files and directories of a server",
    load: async () => (await import("./commands/rm.ts")).rmCommand,
  },
  mkdir: {
    brief: "Make directories on a server",
    load: async () => (await import("./commands/mkdir.ts")).mkdirCommand,
  },
  chmod: {
    brief: "Set permissions of files on a server",
    load: async () => (await import("./commands/chmod.ts")).chmodCommand,
  },
  hash: {
    brief: "Compute checksums of files on a server",
    load: async () => (await import("./commands/hash.ts")).hashCommand,
  },
  raw: {
    brief: "Send a command line to a server and show the reply",
    load: async () => (await import("./commands/raw.ts")).rawCommand,
  },
  inspect: {
    brief: "Inspect a server in both modes of TLS, and grade it",
    load: async () => (await import("./commands/inspect.ts")).inspectCommand,
  },
  shell: {
    brief: "Work on a server interactively, with completion, jobs in the background and a queue",
    load: async () => (await import("./commands/shell.ts")).shellCommand,
  },
  explain: {
    brief: "Show the two modes of TLS side by side, live, as somebody on the wire sees them",
    load: async () => (await import("./commands/explain.ts")).explainCommand,
  },
  web: {
    brief: "Serve the online client: any FTP or FTPS server in a browser",
    load: async () => (await import("./commands/web.ts")).webCommand,
  },
  bookmark: {
    brief: "Keep places on servers under names: @NAME stands for one in place of a URL",
    load: async () => (await import("./commands/bookmark.ts")).bookmarkCommands,
  },
  forget: {
    brief: "Forget what is remembered of a server: its key, and that it offered TLS",
    load: async () => (await import("./commands/forget.ts")).forgetCommand,
  },
  completion: {
    brief: "Print completion for a shell",
    load: async () => (await import("./commands/completion.ts")).completionCommand(allCommands),
  },
} as const satisfies Record<string, CommandRow>;

export type CommandName = keyof typeof commandTable;

/** Loads every command and tells about all. */
export async function allCommands(): Promise<readonly CommandFacts[]> {
  const { factsOfCommands } = await import("./facts-of-commands.ts");
  return factsOfCommands(commandTable);
}

/** The routes with the named command loaded; the others have their names and briefs alone, for the help. */
export async function loadRoutes(called: string | undefined): Promise<Record<CommandName, CommandTarget>> {
  const routes: Record<CommandName, CommandTarget> = mapRows(placeholder);
  if (called !== undefined && isCommandName(called)) routes[called] = await commandTable[called].load();
  return routes;
}

function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commandTable, name);
}

function mapRows<Value>(make: (row: CommandRow) => Value): Record<CommandName, Value> {
  const rows = Object.entries<CommandRow>(commandTable).map(([name, row]) => [name, make(row)] as const);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are those of the table
  return Object.fromEntries(rows) as Record<CommandName, Value>;
}

function placeholder({ brief }: CommandRow): CommandTarget {
  return buildCommand({
    loader: () => Promise.reject(new Error("a command was called that was not loaded")),
    parameters: {},
    docs: { brief },
  });
}
