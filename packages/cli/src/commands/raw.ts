import { buildCommand, type CommandContext } from "@stricli/core";
import { clientFlags, type ClientFlags } from "../client-flags.ts";
import { parseText } from "../flags.ts";

export const rawCommand = buildCommand({
  docs: {
    brief: "Send a command line to a server and show the reply",
    fullDescription: [
      "Logs in, sends the words behind the URL as one command line, and writes the reply. Commands that move data or change",
      "how it moves (RETR, TYPE, PASV and their relatives) are not sent.",
      "",
      "  sallyport raw ftpes://alice@ftp.example.org SITE HELP",
      "",
      "Ends with 0 where the server says yes and with 1 where it says no. --json writes code and lines.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "array",
      minimum: 2,
      parameter: { brief: "The server, then the words of the command", placeholder: "URL WORD", parse: parseText },
    },
    flags: { ...clientFlags },
  },
  async func(this: CommandContext, flags: ClientFlags, ...words: string[]) {
    const { raw } = await import("../client/raw.ts");
    await raw(this, flags, words);
  },
});
