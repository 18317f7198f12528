import type { DownloadJson } from "../../api/api.ts";
import type { Server } from "../gateway-client.ts";
import { baseName } from "../paths.ts";
import { isOver, serverOf } from "./login.ts";
import type { Pane } from "./pane.ts";
import { noteFailure } from "./queue.ts";

/** Saves a file by the browser's own download. */
export async function download(pane: Pane, name: string): Promise<void> {
  const path = pane.pathOf(name);
  await save(pane, { path, name }, (server) => server.download(path));
}

/** Saves several entries, or a folder, as one ZIP file. */
export async function downloadArchive(pane: Pane, names: readonly string[]): Promise<void> {
  const path = pane.path.value;
  const [only] = names;
  const name = names.length === 1 && only !== undefined ? only : baseName(path) || "files";
  await save(pane, { path, name: `${name}.zip` }, (server) => server.archive(path, names));
}

async function save(
  { login: { value: login } }: Pane,
  { path, name }: { readonly path: string; readonly name: string },
  addressOf: (server: Server) => Promise<DownloadJson>,
): Promise<void> {
  if (login === undefined) return;
  try {
    const { url } = await addressOf(serverOf(login));
    const link = document.createElement("a");
    link.href = url;
    link.download = name.toWellFormed();
    document.body.append(link);
    link.click();
    link.remove();
  } catch (error) {
    if (!isOver(error, login)) noteFailure("download", path, login, error);
  }
}
