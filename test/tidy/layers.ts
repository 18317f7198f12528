import { posix } from "node:path";
import { importsOf } from "./imports.ts";
import type { SourceFile } from "./source-files.ts";

const belowDaemon = [
  ...["protocol", "transport", "gssapi", "client", "inspector", "web"],
  ...["server", "server/storage", "server/accounts"],
];

/**
 * The rooms of the house and what each may import from. TypeScript's project references say the same; this table is
 * the second lock, because a wrong `include` there passes without a word.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  transport: ["protocol"],
  "server/storage": ["protocol"],
  "server/accounts": ["protocol", "server/storage"],
  server: ["protocol", "transport", "server/storage", "server/accounts"],
  client: ["protocol", "transport"],
  "storage-s3": ["protocol", "server/storage"],
  gssapi: ["protocol", "transport"],
  "inspector/model": ["protocol"],
  inspector: ["protocol", "transport", "client", "inspector/model"],
  "web/api": [],
  "web/ui": ["protocol", "inspector/model", "web/api"],
  web: ["protocol", "transport", "client", "inspector", "inspector/model", "web/api"],
  daemon: belowDaemon,
  cli: [...belowDaemon, "daemon"],
  testing: ["protocol", "transport", "client", "server", "server/storage", "server/accounts"],
};

/** Rooms that run in a browser as well: nothing of Node may be imported. */
const universalRooms: ReadonlySet<string> = new Set(["protocol", "inspector/model", "web/api", "web/ui"]);

/** What protocol may not name: it knows neither Node nor a browser. */
const platformGlobals =
  /(?<![.\w$"'`])(?:Buffer|process|global|window|document|navigator|setTimeout|setInterval|setImmediate|queueMicrotask|fetch|performance|console)\b(?=\s*[.(])/;

/** Lists every import that goes upward, sideways or out of its package, one sentence each. */
export function layerViolations(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => {
    const room = roomOf(file.path);
    if (room === undefined || mayImport[room] === undefined) return [`${file.path}: its room has no row in the table`];
    return [
      ...importsOf(file).flatMap((specifier) => importViolation(file, room, specifier)),
      ...globalViolation(file, room),
    ];
  });
}

function importViolation(file: SourceFile, room: string, specifier: string): readonly string[] {
  if (specifier.startsWith(".")) {
    const target = roomOf(posix.join(posix.dirname(file.path), specifier));
    const samePackage = target !== undefined && packageOf(target) === packageOf(room);
    if (!samePackage) return [`${file.path}: ${specifier} leaves its package`];
    return target === room || mayImport[room]?.includes(target) ? [] : [`${file.path}: ${room} imports ${target}`];
  }
  const target = roomOfPackage(specifier);
  if (target !== undefined) {
    return mayImport[room]?.includes(target) ? [] : [`${file.path}: ${room} imports ${target}`];
  }
  return universalRooms.has(room) && specifier.startsWith("node:")
    ? [`${file.path}: ${room} imports ${specifier}`]
    : [];
}

function globalViolation(file: SourceFile, room: string): readonly string[] {
  if (room !== "protocol") return [];
  const code = file.text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
  const found = platformGlobals.exec(code);
  return found === null ? [] : [`${file.path}: protocol uses the global ${found[0]}`];
}

/** The room of a file under packages/: the package, or a layer inside it that has a row of its own. */
function roomOf(path: string): string | undefined {
  const [packages, name, source, layer] = path.split("/");
  if (packages !== "packages" || name === undefined || source !== "src") return undefined;
  const inner = `${name}/${layer}`;
  return Object.hasOwn(mayImport, inner) ? inner : name;
}

function packageOf(room: string): string {
  return room.split("/", 1)[0] ?? room;
}

/** `@sallyport/server/storage` is the room server/storage; an entry that is no layer is its package. */
function roomOfPackage(specifier: string): string | undefined {
  if (specifier === "sallyport") return "cli";
  if (!specifier.startsWith("@sallyport/")) return undefined;
  const entry = specifier.slice("@sallyport/".length);
  return Object.hasOwn(mayImport, entry) ? entry : packageOf(entry);
}
