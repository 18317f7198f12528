import { buildCommand, type Command, type CommandContext } from "@stricli/core";
import type { CommandFacts } from "../command-facts.ts";
import { switchFlag } from "../flags.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

/** `sallyport completion`, for the commands that it is told of. */
export function completionCommand(allCommands: () => Promise<readonly CommandFacts[]>): Command<CommandContext> {
  return buildCommand({
    docs: {
      brief: "Print completion for a shell",
      fullDescription: [
        "Prints a script that completes commands, flags and their values.",
        "",
        '  bash    eval "$(sallyport completion bash)"            in ~/.bashrc',
        "  zsh     source <(sallyport completion zsh)             in ~/.zshrc, behind compinit",
        "  fish    sallyport completion fish | source             in ~/.config/fish/config.fish",
      ].join("\n"),
    },
    parameters: {
      positional: {
        kind: "tuple",
        parameters: [{ brief: "bash, zsh or fish", placeholder: "SHELL", parse: parseShell }],
      },
      flags: { json: switchFlag("Write one object: shell, script") },
    },
    async func(this: CommandContext, flags: { readonly json?: boolean }, shell: Shell) {
      const [commands, print] = await Promise.all([allCommands(), printers[shell]()]);
      const script = print(commands);
      this.process.stdout.write(flags.json === true ? `${JSON.stringify({ shell, script })}\n` : script);
    },
  });
}

const printers = {
  bash: async () => (await import("../completion/bash.ts")).bashCompletion,
  zsh: async () => (await import("../completion/zsh.ts")).zshCompletion,
  fish: async () => (await import("../completion/fish.ts")).fishCompletion,
} as const;

function parseShell(text: string): Shell {
  const shell = shells.find((name) => name === text);
  if (shell === undefined) throw new Error("bash, zsh or fish");
  return shell;
}
