import { useEffect, useState } from "preact/hooks";
import type { ProblemJson } from "../../api/api.ts";
import { problemOf } from "../gateway-client.ts";
import { sizeText, visible } from "../quantities.ts";
import { isOver, serverOf } from "../state/login.ts";
import { download } from "../state/saving.ts";
import { type Viewed, viewed } from "../state/viewer.ts";
import { texts } from "../texts/language.ts";
import { later } from "./later.tsx";
import { Modal } from "./modal.tsx";
import { ProblemNote } from "./problem-note.tsx";
import { TextView } from "./text-view.tsx";

const PdfView = later(async () => (await import("./pdf-view.tsx")).PdfView);

/** Shows a file without saving it: pictures and sound as the browser does, text in an editor, PDF drawn by the page. */
export function Viewer(file: Viewed) {
  const { kind, entry } = file;
  if (kind === "text" || kind === "markdown") return <TextView key={file.path} file={file} />;
  const close = (): void => void (viewed.value = undefined);
  return (
    <Modal title={visible(entry.name)} tone="wide" onClose={close}>
      {kind === "pdf" ? (
        <PdfView key={file.path} file={file} />
      ) : (
        <div class="view">
          <Media file={file} />
        </div>
      )}
      <ViewActions file={file} onClose={close} />
    </Modal>
  );
}

/** Pictures of this size and more are fetched when somebody says so. */
const largePictureBytes = 32 * 1024 * 1024;

function Media({ file }: { readonly file: Viewed }) {
  const { kind, login, path, entry } = file;
  const t = texts.value.viewer;
  const [url, setUrl] = useState<string>();
  const [problem, setProblem] = useState<ProblemJson>();
  const [isWanted, setWanted] = useState(kind !== "image" || (entry.size ?? 0) < largePictureBytes);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    if (!isWanted) return;
    serverOf(login)
      .download(path, true)
      .then(
        (found) => setUrl(found.url),
        (error: unknown) => {
          if (!isOver(error, login)) setProblem(problemOf(error));
        },
      );
  }, [path, isWanted]);
  if (problem !== undefined) return <ProblemNote problem={problem} />;
  if (!isWanted) {
    return (
      <p class="view-note">
        {t.large(sizeText(entry.size))}{" "}
        <button type="button" onClick={() => setWanted(true)}>
          {t.showAnyway}
        </button>
      </p>
    );
  }
  if (hasFailed) return <p class="view-note">{t.notShown}</p>;
  if (url === undefined) return <p class="view-note">{texts.value.page.opening}</p>;
  const failed = (): void => setFailed(true);
  if (kind === "image") return <img src={url} alt={visible(entry.name)} onError={failed} />;
  if (kind === "audio") return <audio src={url} controls autoplay preload="metadata" onError={failed} />;
  return <video src={url} controls autoplay preload="metadata" onError={failed} />;
}

export function ViewActions({ file, onClose }: { readonly file: Viewed; readonly onClose: () => void }) {
  return (
    <div class="actions">
      <button type="button" onClick={() => void download(file.pane, file.entry.name)}>
        {texts.value.files.download}
      </button>
      <button type="button" class="primary" onClick={onClose} autofocus>
        {texts.value.common.close}
      </button>
    </div>
  );
}
