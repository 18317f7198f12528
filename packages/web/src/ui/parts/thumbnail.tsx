import { useEffect, useState } from "preact/hooks";
import type { EntryJson } from "../../api/api.ts";
import type { Pane } from "../state/pane.ts";
import { viewKind } from "../state/viewer.ts";
import { Icon, type IconName } from "./icon.tsx";

interface ThumbnailProperties {
  readonly pane: Pane;
  readonly entry: EntryJson;
  readonly fallback: IconName;
}

/** Larger pictures are not fetched to be drawn small. */
const drawnBytes = 512 * 1024;
/** Scrolling past asks for nothing. */
const restMs = 250;

/** A small picture of a picture, otherwise what kind of entry it is. */
export function Thumbnail({ pane, entry, fallback }: ThumbnailProperties) {
  const isDrawn = viewKind(entry) === "image" && entry.size !== undefined && entry.size <= drawnBytes;
  const [url, setUrl] = useState<string>();
  const path = pane.pathOf(entry.name);
  useEffect(() => {
    setUrl(undefined);
    if (!isDrawn) return;
    let isGone = false;
    const timer = setTimeout(() => {
      inTurn(async () => {
        if (isGone) return;
        const found = await pane.server?.download(path, true);
        if (!isGone) setUrl(found?.url);
      });
    }, restMs);
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [path, entry.modified, entry.size]);
  if (url === undefined) return <Icon name={fallback} />;
  return (
    <img class="thumbnail" src={url} alt="" draggable={false} decoding="async" onError={() => setUrl(undefined)} />
  );
}

let last: Promise<unknown> = Promise.resolve();

/** One after the other: pictures wait for what a person does, not the reverse. */
function inTurn(work: () => Promise<void>): void {
  last = last.then(work).catch(() => {});
}
