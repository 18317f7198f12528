import { createRequire } from "node:module";
import { GssFailure } from "./failures.ts";

/** The two ways into a native library; node:ffi comes first. */
export type Binding = "node:ffi" | "koffi";

/** The functions of RFC 2744 that are called here, and two of MIT's. A pointer is its address. */
export type NativeFunctions = Readonly<Record<keyof typeof signatures, (...given: readonly Argument[]) => number>>;

type Argument = number | bigint;

export interface NativeLibrary {
  readonly binding: Binding;
  readonly functions: NativeFunctions;
  /** Where memory lies that is not moved: of an ArrayBuffer of its own. It must be held on to by the caller. */
  addressOf(memory: Uint8Array): bigint;
  /** Copies octets from one address to another. */
  copy(to: bigint, from: bigint, bytes: number): void;
}

const p = "pointer";
const u = "uint32";
const i = "int32";

const signatures = {
  gss_import_name: [p, p, p, p],
  gss_display_name: [p, p, p, p],
  gss_release_name: [p, p],
  gss_acquire_cred: [p, p, u, p, i, p, p, p],
  gss_release_cred: [p, p],
  gss_init_sec_context: [p, p, p, p, p, u, u, p, p, p, p, p, p],
  gss_accept_sec_context: [p, p, p, p, p, p, p, p, p, p, p],
  gss_inquire_context: [p, p, p, p, p, p, p, p, p],
  gss_export_sec_context: [p, p, p],
  gss_import_sec_context: [p, p, p],
  gss_delete_sec_context: [p, p, p],
  gss_localname: [p, p, p, p],
  gss_wrap: [p, p, i, u, p, p, p],
  gss_unwrap: [p, p, p, p, p, p],
  gss_wrap_size_limit: [p, p, i, u, u, p],
  gss_release_buffer: [p, p],
  gss_display_status: [p, u, i, p, p, p],
} as const;

const copySignature = [p, p, "uint64"] as const;

/** The name that Linux distributions give MIT's library, in its second and only major version. */
const fileName = "libgssapi_krb5.so.2";

/**
 * Loads the system's Kerberos library, which no package brings along.
 *
 * @param binding default: node:ffi, or koffi where this Node has none.
 * @throws {GssFailure} `unavailable`
 */
export function openLibrary(binding?: Binding): NativeLibrary {
  // The structures of the library are laid out differently on macOS, and Windows has SSPI.
  if (process.platform !== "linux") throw unavailable(`Kerberos is built for Linux alone, not for ${process.platform}`);
  const ways = binding === undefined ? (["node:ffi", "koffi"] as const) : [binding];
  const found = ways.find(isThere);
  if (found === undefined) throw unavailable(`This Node has no ${ways.join(" and no ")}, and needs it for Kerberos`);
  try {
    return bindings[found]();
  } catch (error) {
    throw unavailable(`${fileName} cannot be loaded (Debian has it in libgssapi-krb5-2, Fedora in krb5-libs)`, error);
  }
}

const bindings = { "node:ffi": openByFfi, koffi: openByKoffi } as const satisfies Record<Binding, () => NativeLibrary>;

const require = createRequire(import.meta.url);

function isThere(name: Binding): boolean {
  if (name === "node:ffi") return process.getBuiltinModule(name) !== undefined;
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

function openByFfi(): NativeLibrary {
  const ffi = process.getBuiltinModule("node:ffi");
  const definition = (types: readonly string[]): object => ({ arguments: types, return: "uint32" });
  const definitions = Object.fromEntries(Object.entries(signatures).map(([name, types]) => [name, definition(types)]));
  const { functions } = ffi.dlopen(fileName, definitions);
  const { memcpy } = ffi.dlopen(null, { memcpy: { arguments: copySignature, return: "pointer" } }).functions;
  return {
    binding: "node:ffi",
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- they were opened by the keys of this type
    functions: functions as unknown as NativeFunctions,
    addressOf: (memory) => ffi.getRawPointer(memory),
    copy: (to, from, bytes) => void memcpy(to, from, BigInt(bytes)),
  };
}

/** What is used of koffi. */
interface Koffi {
  load(file: string | null): {
    func(name: string, result: string, types: readonly string[]): (...given: readonly Argument[]) => number;
  };
  address(memory: Uint8Array): bigint;
}

function openByKoffi(): NativeLibrary {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an optional package, absent where types are checked
  const koffi = require("koffi") as Koffi;
  const library = koffi.load(fileName);
  const open = (from: typeof library, name: string, result: string, types: readonly string[]) =>
    from.func(
      name,
      result,
      types.map((type) => (type === p ? "void *" : type)),
    );
  const names = Object.entries(signatures).map(([name, types]) => [name, open(library, name, "uint32", types)]);
  const memcpy = open(koffi.load(null), "memcpy", "void *", copySignature);
  return {
    binding: "koffi",
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- they were opened by the keys of this type
    functions: Object.fromEntries(names) as NativeFunctions,
    addressOf: (memory) => koffi.address(memory),
    copy: (to, from, bytes) => void memcpy(to, from, BigInt(bytes)),
  };
}

function unavailable(message: string, cause?: unknown): GssFailure {
  const reason = cause instanceof Error ? `: ${cause.message}` : "";
  return new GssFailure("unavailable", `${message}${reason}`);
}
