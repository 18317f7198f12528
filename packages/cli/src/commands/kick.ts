import { askServer, type AdminAnswers, type Ban, durationText } from "@sallyport/daemon/admin";
import { escapeControls, UsageError } from "@sallyport/protocol";
import type { ConnectionSelector, ConnectionStatus } from "@sallyport/server";
import { buildCommand, type CommandContext } from "@stricli/core";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { commonFlags, parseAddress, parseText, switchFlag, type CommonFlags } from "../flags.ts";
import { openState } from "../state.ts";

interface KickFlags extends CommonFlags {
  readonly account?: string;
  readonly address?: string;
  readonly ban?: boolean;
}

export const kickCommand = buildCommand({
  docs: {
    brief: "Close connections of the running server, and ban where they come from",
    fullDescription: [
      "Says 421 to the connections that are meant and closes them; a transfer that runs is ended, and an upload is not",
      'published. CONNECTION is a number that "sallyport who" shows.',
      "",
      "Exit codes: 0 done, 1 nothing fits, 69 no server runs there, 77 this user may not ask.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "array",
      parameter: { brief: "Number of a connection", placeholder: "CONNECTION", parse: parseConnection },
    },
    flags: {
      account: {
        kind: "parsed",
        parse: parseText,
        brief: "Close every connection of an account",
        placeholder: "NAME",
        optional: true,
      },
      address: {
        kind: "parsed",
        parse: parseAddress,
        brief: "Close every connection from an address",
        placeholder: "ADDRESS",
        optional: true,
      },
      ban: switchFlag("Ban the addresses too, as long as wrong passwords would"),
      ...commonFlags,
    },
  },
  async func(this: CommandContext, flags: KickFlags, ...connections: number[]) {
    const selector = selectorOf(flags, connections);
    const state = openState(flags.state, { create: false });
    const answer = await askServer(state, { ask: "disconnect", selector, ban: flags.ban === true });
    const isDone = answer.closed.length > 0 || answer.bans.length > 0;
    if (flags.json === true) this.process.stdout.write(`${JSON.stringify(kickJson(answer))}\n`);
    else if (isDone) this.process.stdout.write(kickText(answer, selector));
    else this.process.stderr.write(`sallyport: ${nobodyText(selector)}: nothing is closed.\n`);
    endWith(this, isDone);
  },
});

export const unbanCommand = buildCommand({
  docs: {
    brief: "End the ban of an address",
    fullDescription: [
      "Ends the ban of an address (IPv6: of its /64) on the running server, and forgets its wrong passwords.",
      "",
      "Exit codes: 0 done, 1 it was not banned, 69 no server runs there, 77 this user may not ask.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ brief: "The address", placeholder: "ADDRESS", parse: parseAddress }],
    },
    flags: { ...commonFlags },
  },
  async func(this: CommandContext, flags: CommonFlags, address: string) {
    const state = openState(flags.state, { create: false });
    const { wasBanned } = await askServer(state, { ask: "forgive", address });
    if (flags.json === true) this.process.stdout.write(`${JSON.stringify({ address, wasBanned })}\n`);
    else if (wasBanned) this.process.stdout.write(`${address} is no longer banned.\n`);
    else this.process.stderr.write(`sallyport: ${address} was not banned: its wrong passwords are forgotten.\n`);
    endWith(this, wasBanned);
  },
});

function endWith(context: CommandContext, isDone: boolean): void {
  // Stricli ends with the exit code that a command has set, which its type of a command's context does not say.
  const { process: ending }: { readonly process: CommandContext["process"] & { exitCode?: ExitCode } } = context;
  ending.exitCode = isDone ? exitCodes.ok : exitCodes.failure;
}

function parseConnection(text: string): number {
  const [, digits] = /^#?([1-9]\d{0,14})$/.exec(text) ?? [];
  if (digits === undefined) throw new Error('a number that "sallyport who" shows');
  return Number(digits);
}

function selectorOf({ account, address }: KickFlags, connections: readonly number[]): ConnectionSelector {
  const given: ConnectionSelector[] = [
    ...(account === undefined ? [] : [{ account }]),
    ...(address === undefined ? [] : [{ address }]),
    ...(connections.length === 0 ? [] : [{ connections }]),
  ];
  const [selector, ...more] = given;
  if (selector !== undefined && more.length === 0) return selector;
  const message = "Say whom to disconnect, in one way: --account NAME, --address ADDRESS, or numbers of connections.";
  throw new UsageError("SALLYPORT_USAGE_SELECTOR", message);
}

function kickText({ closed, bans }: AdminAnswers["disconnect"], selector: ConnectionSelector): string {
  const lines = [
    closed.length === 0 ? `${nobodyText(selector)}.` : `Closed ${closed.map(whose).join(", ")}.`,
    ...bans.map((ban) => `Banned ${ban.host} ${banText(ban)}.`),
  ];
  return `${lines.join("\n")}\n`;
}

function whose({ connection, account, remoteAddress }: ConnectionStatus): string {
  const name = account === undefined ? "" : `${escapeControls(account)} `;
  return `#${connection} (${name}from ${remoteAddress})`;
}

function banText({ untilMs }: Ban): string {
  const until = new Date(untilMs).toISOString().slice(0, 19);
  return `for ${durationText(untilMs - Date.now())}, until ${until}Z`;
}

function nobodyText(selector: ConnectionSelector): string {
  if ("account" in selector) return `Nobody is connected as ${escapeControls(selector.account)}`;
  if ("address" in selector) return `Nobody is connected from ${selector.address}`;
  return `There is no connection ${selector.connections.map((number) => `#${number}`).join(", ")}`;
}

function kickJson({ closed, bans }: AdminAnswers["disconnect"]): object {
  return {
    closed: closed.map(({ connection, account, remoteAddress }) => ({ connection, account, remoteAddress })),
    bans: bans.map(({ host, untilMs }) => ({ host, until: new Date(untilMs).toISOString() })),
  };
}
