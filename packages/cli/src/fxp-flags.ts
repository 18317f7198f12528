import { clientFlags, type ClientFlags } from "./client-flags.ts";
import { underHeading } from "./command-facts.ts";
import { parseAddress, switchFlag } from "./flags.ts";
import { transferFlags, type TransferFlags } from "./transfer-flags.ts";

/** One of the two servers. */
export type Side = "from" | "to";

/** Flags that may be said for one of the servers alone. */
const sideNames = ["plain", "ca", "pin", "trustOnFirstUse", "insecure", "cert", "key", "servername"] as const;

type SideName = (typeof sideNames)[number];
type SideFlags<S extends Side> = { readonly [Name in SideName as `${S}${Capitalize<Name>}`]?: ClientFlags[Name] };

export interface FxpFlags extends ClientFlags, TransferFlags, SideFlags<"from">, SideFlags<"to"> {
  readonly mode: "auto" | "direct" | "relay";
  readonly clearData?: boolean;
  readonly address?: readonly string[];
}

export const fxpFlags = {
  mode: {
    kind: "enum",
    values: ["auto", "direct", "relay"],
    placeholder: "HOW",
    brief: "From server to server where they can, otherwise through here; the one or the other alone",
    default: "auto",
  },
  clearData: switchFlag("Let files go from server to server in clear where they cannot protect them"),
  address: {
    kind: "parsed",
    parse: parseAddress,
    brief: "Address besides its own that a server may send the other one to, as behind NAT",
    placeholder: "ADDRESS",
    optional: true,
    variadic: true,
  },
  recursive: switchFlag("Copy directories with all that is in them"),
  ...transferFlags,
  ...clientFlags,
  passwordStdin: {
    ...clientFlags.passwordStdin,
    brief: "Read the passwords from standard input, the source's as one line and the target's as another",
  },
  ...underHeading("THE SOURCE ALONE", flagsOf("from", "source")),
  ...underHeading("THE TARGET ALONE", flagsOf("to", "target")),
} as const;

/** What holds for one of the servers: what is said for it alone comes before what is said for both. */
export function flagsFor(flags: FxpFlags, side: Side): ClientFlags {
  const own = sideNames.flatMap((name) => {
    const value = flags[sideName(side, name)];
    return value === undefined || (Array.isArray(value) && value.length === 0) ? [] : [[name, value] as const];
  });
  return { ...flags, ...Object.fromEntries(own) };
}

type SideFlagTable<S extends Side> = {
  readonly [Name in SideName as `${S}${Capitalize<Name>}`]: (typeof clientFlags)[Name];
};

function flagsOf<S extends Side>(side: S, server: string): SideFlagTable<S> {
  const rows = sideNames.map((name) => {
    const dashed = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return [sideName(side, name), { ...clientFlags[name], brief: `As --${dashed}, for the ${server}` }];
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are those of the type
  return Object.fromEntries(rows) as SideFlagTable<S>;
}

function sideName<S extends Side, Name extends SideName>(side: S, name: Name): `${S}${Capitalize<Name>}` {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what Capitalize says of types
  return `${side}${name.charAt(0).toUpperCase()}${name.slice(1)}` as `${S}${Capitalize<Name>}`;
}
