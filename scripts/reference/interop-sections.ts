import { stockClients } from "../../test/interop/clients/index.ts";
import { type Mode, type Operation, operationsOf, type StockClient } from "../../test/interop/peers/client.ts";
import { markdownTable, type Sections } from "./sections.ts";

/** The clients of the interop matrix: what the tests make each of them do, and what it does that others do not. */
export function interopSections(): Sections {
  return { matrix: matrixTable(), quirks: quirkList() };
}

const modes = ["plain", "explicit", "implicit"] as const satisfies readonly Mode[];

const columns: readonly (readonly [title: string, operations: readonly Operation[]])[] = [
  ["list", ["list"]],
  ["get", ["get"]],
  ["put", ["put"]],
  ["resume get", ["resume get"]],
  ["resume put", ["resume put"]],
  ["active", ["active get", "active put"]],
];

function matrixTable(): string {
  const head = ["Client", "Version", "Modes", ...columns.map(([title]) => title), "IPv6", "TLS 1.2"];
  return markdownTable(head, stockClients.map(row));
}

function row(client: StockClient): readonly string[] {
  const { name, testedVersion, modes: has, hasIpv6, lacksTls12 = false } = client;
  const speaksTls = has.some((mode) => mode !== "plain");
  return [
    name,
    testedVersion,
    has.join(", "),
    ...columns.map(([, operations]) => standing(client, operations)),
    hasIpv6 ? "yes" : "–",
    speaksTls ? (lacksTls12 ? "refused" : "yes") : "–",
  ];
}

/** Where a client does some of these operations: everywhere, nowhere, or in which modes. */
function standing(client: StockClient, operations: readonly Operation[]): string {
  const doing = modes.filter(
    (mode) =>
      client.modes.includes(mode) &&
      operationsOf(client, mode, "127.0.0.1").some((operation) => operations.includes(operation)),
  );
  if (doing.length === 0) return "–";
  return doing.length === client.modes.length ? "yes" : doing.join(", ");
}

function quirkList(): string {
  return stockClients
    .filter(({ quirks }) => quirks.length > 0)
    .map(({ name, quirks }) => `- **${name}**: ${quirks.join(" ")}`)
    .join("\n");
}
