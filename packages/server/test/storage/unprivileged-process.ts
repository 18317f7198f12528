// A process without privileges: node unprivileged-process.ts ROOT. It says as JSON what each attempt came to.
import { type Octets, rootPath } from "@sallyport/protocol";
import { LocalDirectory, type Storage } from "@sallyport/server/storage";
import { storageSteps } from "@sallyport/testing";

const { entries, get, interrupt, kindOf, names, path, put } = storageSteps;

const attempts: Record<string, (storage: Storage) => Promise<unknown>> = {
  "read a closed file": (s) => get(s, "/closed"),
  "replace a file that may not be written": (s) => put(s, "/fixed", "x"),
  "append to a file that may not be written": (s) => put(s, "/fixed", "x", { kind: "append" }),
  "resume a file that may not be written": (s) => put(s, "/fixed", "x", { kind: "resume", offset: 1 }),
  "upload into a directory that may not be written": (s) => put(s, "/fixed-directory/new", "x"),
  "make a directory where none may be made": (s) => s.makeDirectory(path("/fixed-directory/new")),
  "make a link where none may be made": async (s) => s.makeSymbolicLink?.(path("/fixed-directory/l"), "f" as Octets),
  "remove what may not be removed": (s) => s.remove(path("/fixed-directory/f")),
  "rename what may not be renamed": (s) => s.rename(path("/fixed-directory/f"), path("/open/f")),
  "change the mode of somebody else's file": async (s) => s.setAttributes?.(path("/fixed"), { mode: 0o777 }),
  "list a directory that may not be read": (s) => entries(s, "/unreadable"),
  "look into a directory that may not be entered": (s) => s.stat(path("/shut/f")),
  "list the root": (s) => entries(s, rootPath),
  "read through a directory that may be entered but not listed": (s) => get(s, "/unreadable/f"),
  "upload into an open directory of a root that may not be written": (s) => put(s, "/open/new", "x"),
  "append there": (s) => put(s, "/open/new", "y", { kind: "append" }),
  "be interrupted there": (s) => interrupt(s, "/open/part", "half"),
  "continue there": (s) => put(s, "/open/part", "+rest", { kind: "append" }),
};

const directory = await LocalDirectory.open(process.argv[2] ?? "");
const storage = directory.forOwner("alice");
const outcomes: Record<string, string> = {};
for (const [name, attempt] of Object.entries(attempts)) outcomes[name] = await kindOf(attempt(storage));
process.stdout.write(JSON.stringify({ outcomes, open: await names(storage, "/open") }));
