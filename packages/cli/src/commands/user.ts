import { buildCommand, buildRouteMap, type CommandContext } from "@stricli/core";
import { displayOctets, escapeControls, UsageError, type VirtualPath } from "@sallyport/protocol";
import { AccountError, everyPathAction, type PathAction, type StoredAccount } from "@sallyport/server/accounts";
import { openAccounts } from "../accounts.ts";
import { accountFlags, accountValues, parseVirtualPath, sizeText, type AccountFlags } from "../account-flags.ts";
import { commonFlags, parseText, switchFlag, type CommonFlags } from "../flags.ts";
import { readNewPassword } from "../password-input.ts";
import { importCommand } from "./user-import.ts";

const nameParameter = { brief: "Name of the account", placeholder: "NAME", parse: parseText } as const;

const passwordStdinFlag = switchFlag("Read the password from standard input, one line");

const add = buildCommand({
  docs: {
    brief: "Add an account",
    fullDescription:
      "Adds an account. The password is asked for, or read from standard input; it is never an argument.",
  },
  parameters: {
    positional: { kind: "tuple", parameters: [nameParameter] },
    flags: {
      passwordStdin: passwordStdinFlag,
      noPassword: switchFlag("Let in by client certificate or Kerberos ticket alone"),
      ...accountFlags,
      ...commonFlags,
    },
  },
  async func(
    this: CommandContext,
    flags: CommonFlags & AccountFlags & { readonly passwordStdin?: boolean; readonly noPassword?: boolean },
    name: string,
  ) {
    const values = accountValues(flags);
    const password = flags.noPassword
      ? undefined
      : await readNewPassword({ fromStdin: flags.passwordStdin === true, account: printable(name) });
    await using database = await openAccounts(flags.state, { create: true });
    await database.add({ name, ...values, ...(password !== undefined && { password }) });
    tell(this, flags, `Added ${printable(name)}.`, { added: name });
  },
});

const set = buildCommand({
  docs: { brief: "Change an account" },
  parameters: {
    positional: { kind: "tuple", parameters: [nameParameter] },
    flags: { ...accountFlags, ...commonFlags },
  },
  async func(this: CommandContext, flags: CommonFlags & AccountFlags, name: string) {
    const values = accountValues(flags);
    if (Object.keys(values).length === 0) {
      throw new UsageError(
        "SALLYPORT_USAGE_NOTHING",
        'There is nothing to change: "sallyport user set --help" lists what can be.',
      );
    }
    await using database = await openAccounts(flags.state);
    await database.change(name, values);
    tell(this, flags, `Changed ${printable(name)}; it holds from the next login on.`, { changed: name });
  },
});

const remove = buildCommand({
  docs: { brief: "Remove an account; its files stay" },
  parameters: {
    positional: { kind: "tuple", parameters: [nameParameter] },
    flags: { ...commonFlags },
  },
  async func(this: CommandContext, flags: CommonFlags, name: string) {
    await using database = await openAccounts(flags.state);
    await database.remove(name);
    tell(this, flags, `Removed ${printable(name)}; the files stay.`, { removed: name });
  },
});

const password = buildCommand({
  docs: { brief: "Give an account a new password" },
  parameters: {
    positional: { kind: "tuple", parameters: [nameParameter] },
    flags: { passwordStdin: passwordStdinFlag, ...commonFlags },
  },
  async func(this: CommandContext, flags: CommonFlags & { readonly passwordStdin?: boolean }, name: string) {
    await using database = await openAccounts(flags.state);
    const account = printable(name);
    if ((await database.find(name)) === undefined)
      throw new AccountError("not-found", `There is no account ${account}`);
    await database.setPassword(name, await readNewPassword({ fromStdin: flags.passwordStdin === true, account }));
    tell(this, flags, `Changed the password of ${account}.`, { changed: name });
  },
});

const list = buildCommand({
  docs: { brief: "List the accounts" },
  parameters: { flags: { ...commonFlags } },
  async func(this: CommandContext, flags: CommonFlags) {
    await using database = await openAccounts(flags.state);
    const accounts = await database.list();
    const text = flags.json === true ? `${JSON.stringify(accounts.map(accountJson))}\n` : accountTable(accounts);
    this.process.stdout.write(text);
  },
});

const permit = buildCommand({
  docs: {
    brief: "Say what an account may do at and below a path",
    fullDescription: `Sets what an account may do at PATH and below; the rule with the longest path decides alone. ACTIONS is all, read, none, default (takes the rule away), or some of ${[...everyPathAction].join(",")}.`,
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        nameParameter,
        { brief: "Path as the account sees it", placeholder: "PATH", parse: parseVirtualPath },
        { brief: "What is allowed", placeholder: "ACTIONS", parse: parseActions },
      ],
    },
    flags: { ...commonFlags },
  },
  async func(this: CommandContext, flags: CommonFlags, name: string, path: VirtualPath, actions: Actions) {
    await using database = await openAccounts(flags.state);
    await database.permit(name, path, actions.allow);
    const allowed = actions.allow && [...actions.allow];
    const what = allowed === undefined ? "follows the rule above" : allowed.join(", ") || "nothing";
    tell(this, flags, `${displayOctets(path)}: ${what}.`, { account: name, path, allow: allowed ?? null });
  },
});

export const userCommands = buildRouteMap({
  routes: { add, set, remove, list, password, permit, import: importCommand },
  docs: { brief: "Add, change and remove accounts" },
});

interface Actions {
  readonly allow: ReadonlySet<PathAction> | undefined;
}

const actionSets: Readonly<Record<string, Actions>> = {
  all: { allow: everyPathAction },
  read: { allow: new Set(["list", "read"]) },
  none: { allow: new Set() },
  default: { allow: undefined },
};

function parseActions(text: string): Actions {
  const known = actionSets[text];
  if (known !== undefined) return known;
  const allow = new Set<PathAction>();
  for (const word of text.split(",")) {
    const action = [...everyPathAction].find((candidate) => candidate === word);
    if (action === undefined) throw new Error(`all, read, none, default or some of ${[...everyPathAction].join(",")}`);
    allow.add(action);
  }
  return { allow };
}

function tell(context: CommandContext, flags: CommonFlags, text: string, json: object): void {
  context.process.stdout.write(flags.json === true ? `${JSON.stringify(json)}\n` : `${text}\n`);
}

function printable(name: string): string {
  return escapeControls(name);
}

function accountJson({ passwordHash, account, ...rest }: StoredAccount): object {
  const permissions = account.permissions.map(({ path, allow }) => ({ path: displayOctets(path), allow: [...allow] }));
  return {
    ...account,
    home: displayOctets(account.home),
    permissions,
    ...rest,
    hasPassword: passwordHash !== undefined,
  };
}

function accountTable(accounts: readonly StoredAccount[]): string {
  if (accounts.length === 0) return 'No accounts yet: "sallyport user add NAME" adds one.\n';
  const rows = [["NAME", "HOME", "RIGHTS", "QUOTA", "RULES", "LOGIN"], ...accounts.map(accountRow)];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

function accountRow({ account, enabled, passwordHash, clientCertificates }: StoredAccount): string[] {
  const { gssapi } = account;
  const secrets = [
    ...(passwordHash === undefined ? [] : ["password"]),
    ...(clientCertificates.length === 0 ? [] : ["certificate"]),
  ];
  const ways = [
    ...(gssapi === "required" ? [] : secrets),
    ...(gssapi === undefined || gssapi === "off" ? [] : ["ticket"]),
  ];
  const rights = account.readOnly ? "read" : "read and write";
  const quota = account.quotaBytes === undefined ? "none" : sizeText(account.quotaBytes);
  const login = enabled ? ways.join(" or ") || "none" : "disabled";
  return [printable(account.name), displayOctets(account.home), rights, quota, rulesText(account.permissions), login];
}

/** The first two rules, and how many more there are; JSON has them all. */
function rulesText(rules: StoredAccount["account"]["permissions"]): string {
  const texts = rules.slice(0, 2).map(({ path, allow }) => `${displayOctets(path)} ${actionsText(allow)}`);
  const more = rules.length > 2 ? [`${rules.length - 2} more`] : [];
  return [...texts, ...more].join("; ") || "none";
}

function actionsText(allow: ReadonlySet<PathAction>): string {
  return allow.size === everyPathAction.size ? "all" : [...allow].join(",") || "none";
}
