import { type PDFDocumentProxy, type PDFPageProxy, RenderingCancelledException, TextLayer } from "pdfjs-dist";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ProblemJson } from "../../api/api.ts";
import { problemOf } from "../gateway-client.ts";
import { sizeText, visible } from "../quantities.ts";
import { isOver } from "../state/login.ts";
import { annotations, openPdf, pdfBytesMost, pdfPagesMost, PdfRefused } from "../state/pdf.ts";
import type { Viewed } from "../state/viewer.ts";
import { texts } from "../texts/language.ts";
import { ProblemNote } from "./problem-note.tsx";

/** The pages of a PDF file, drawn where one looks. */
export function PdfView({ file }: { readonly file: Viewed }) {
  const t = texts.value.viewer;
  const [pdf, setPdf] = useState<PDFDocumentProxy>();
  const [refused, setRefused] = useState<PdfRefused>();
  const [problem, setProblem] = useState<ProblemJson>();
  useEffect(() => {
    const gone = new AbortController();
    const failed = (error: unknown): void => {
      if (gone.signal.aborted) return;
      if (error instanceof PdfRefused) setRefused(error);
      else if (!isOver(error, file.login)) setProblem(problemOf(error));
    };
    openPdf(file, failed, gone.signal).then((opened) => !gone.signal.aborted && setPdf(opened), failed);
    return () => gone.abort();
  }, [file.path]);
  if (refused !== undefined) {
    const { reason } = refused;
    const text = reason === "tooLarge" ? t.pdf.tooLarge(sizeText(pdfBytesMost)) : t.pdf[reason];
    return (
      <div class="view">
        <p class="view-note" role="alert">
          {text}
        </p>
      </div>
    );
  }
  return (
    <>
      {problem && <ProblemNote problem={problem} />}
      {pdf !== undefined && <Pages pdf={pdf} name={file.entry.name} />}
      {pdf === undefined && problem === undefined && (
        <div class="view">
          <p class="view-note" role="status">
            {texts.value.page.opening}
          </p>
        </div>
      )}
    </>
  );
}

const zoomStep = 1.25;
const zoomLeast = 0.25;
const zoomMost = 5;

function Pages({ pdf, name }: { readonly pdf: PDFDocumentProxy; readonly name: string }) {
  const t = texts.value.viewer.pdf;
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const [zoom, setZoom] = useState(1);
  const [current, setCurrent] = useState(1);
  const count = Math.min(pdf.numPages, pdfPagesMost);
  const zoomBy = (factor: number): void => {
    const element = place.current;
    const middle = element === null ? 0 : (element.scrollTop + element.clientHeight / 2) / element.scrollHeight;
    setZoom((now) => Math.min(zoomMost, Math.max(zoomLeast, factor === 0 ? 1 : now * factor)));
    requestAnimationFrame(() => {
      if (element !== null) element.scrollTop = middle * element.scrollHeight - element.clientHeight / 2;
    });
  };
  const goTo = (number: number): void => {
    const page = place.current?.children[Math.min(count, Math.max(1, number)) - 1];
    page?.scrollIntoView({ block: "start" });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys(zoomBy, (pages) => goTo(current + pages))[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  const onScroll = (): void => setCurrent(pageInView(place.current));
  useEffect(() => place.current?.focus(), []);
  return (
    <div class="pdf" onKeyDown={onKeyDown}>
      <div class="pdf-tools">
        <span class="view-state">{t.page(current, pdf.numPages)}</span>
        <button type="button" aria-label={t.smaller} title={t.smaller} onClick={() => zoomBy(1 / zoomStep)}>
          −
        </button>
        <button type="button" aria-label={t.larger} title={t.larger} onClick={() => zoomBy(zoomStep)}>
          +
        </button>
        <button type="button" onClick={() => zoomBy(0)}>
          {t.fitWidth}
        </button>
      </div>
      <div
        ref={place}
        class="pdf-pages"
        role="region"
        aria-label={t.pages(visible(name))}
        tabIndex={0}
        onScroll={onScroll}
      >
        {width > 0 &&
          Array.from({ length: count }, (_, at) => (
            <Page key={at} pdf={pdf} number={at + 1} width={width * zoom} place={place} />
          ))}
      </div>
      {count < pdf.numPages && <p class="view-note">{t.first(count)}</p>}
    </div>
  );
}

function keys(zoomBy: (factor: number) => void, move: (pages: number) => void): Readonly<Record<string, () => void>> {
  return {
    "+": () => zoomBy(zoomStep),
    "=": () => zoomBy(zoomStep),
    "-": () => zoomBy(1 / zoomStep),
    "0": () => zoomBy(0),
    PageDown: () => move(1),
    PageUp: () => move(-1),
  };
}

/** The page that is at the upper third of what one sees. */
function pageInView(place: HTMLDivElement | null): number {
  if (place === null) return 1;
  const line = place.scrollTop + place.clientHeight / 3;
  const pages = [...place.querySelectorAll<HTMLElement>(".pdf-page")];
  const after = pages.findIndex((page) => page.offsetTop > line);
  return after === -1 ? pages.length : Math.max(1, after);
}

/** The room for a page that fits, which changes with the window. */
function useWidth(place: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (place.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.floor(entry.contentRect.width));
    });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return width;
}

interface PageProperties {
  readonly pdf: PDFDocumentProxy;
  readonly number: number;
  /** In pixels of the style sheet. */
  readonly width: number;
  readonly place: { readonly current: HTMLElement | null };
}

/** One page: empty room of its shape, until it is near. */
function Page({ pdf, number, width, place }: PageProperties) {
  const t = texts.value.viewer.pdf;
  const room = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const text = useRef<HTMLDivElement>(null);
  const isNear = useNear(room, place);
  const [shape, setShape] = useState(a4);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    if (!isNear || canvas.current === null || text.current === null) return;
    const gone = new AbortController();
    const into = { canvas: canvas.current, text: text.current, width, onShape: setShape };
    inTurn(() => drawPage(pdf, number, into, gone.signal), gone.signal).catch((error: unknown) => {
      if (!gone.signal.aborted && !(error instanceof RenderingCancelledException)) setFailed(true);
    });
    return () => gone.abort();
  }, [isNear, width]);
  const height = width * Math.min(shape, shapeMost);
  return (
    <div ref={room} class="pdf-page" style={{ width: `${width}px`, height: `${height}px` }}>
      {isNear && !hasFailed && (
        <>
          <canvas ref={canvas} role="img" aria-label={t.page(number, pdf.numPages)} />
          <div ref={text} class="pdf-text" />
        </>
      )}
      {hasFailed && <p class="view-note">{t.notDrawn}</p>}
    </div>
  );
}

/** Height by width of a page that nobody has read yet. */
const a4 = Math.SQRT2;

/** A page that is longer is drawn smaller than it says. */
const shapeMost = 20;

/** So many pixels one page has at most: 64 MiB. */
const pagePixelsMost = 16 * 1024 * 1024;

/** Whether a page is seen, or will be soon. */
function useNear(
  room: { readonly current: HTMLElement | null },
  place: { readonly current: HTMLElement | null },
): boolean {
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    if (room.current === null) return;
    const observer = new IntersectionObserver((entries) => setNear(entries.at(-1)?.isIntersecting ?? false), {
      root: place.current,
      rootMargin: "50% 0px",
    });
    observer.observe(room.current);
    return () => observer.disconnect();
  }, []);
  return isNear;
}

let turn: Promise<unknown> = Promise.resolve();

/** Draws one page at a time, in the order in which they came near; one that is gone holds nobody up. */
function inTurn(draw: () => Promise<void>, gone: AbortSignal): Promise<void> {
  const drawn = turn.then(() => Promise.race([draw(), aborted(gone)]));
  turn = drawn.catch(() => {});
  return drawn;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

interface Into {
  readonly canvas: HTMLCanvasElement;
  readonly text: HTMLDivElement;
  readonly width: number;
  readonly onShape: (heightByWidth: number) => void;
}

async function drawPage(pdf: PDFDocumentProxy, number: number, into: Into, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const page = await pdf.getPage(number);
  const { width: wide, height: high } = page.getViewport({ scale: 1 });
  into.onShape(high / wide);
  if (signal.aborted) return;
  const scale = into.width / wide;
  const density = Math.min(devicePixelRatio, Math.sqrt(pagePixelsMost / (scale * scale * wide * high)));
  const viewport = page.getViewport({ scale: scale * density });
  const { canvas } = into;
  canvas.width = Math.max(1, Math.floor(viewport.width));
  canvas.height = Math.max(1, Math.floor(viewport.height));
  const drawing = page.render({ canvas, viewport, annotationMode: annotations });
  const release = (): void => {
    drawing.cancel();
    canvas.width = 0;
  };
  signal.addEventListener("abort", release, { once: true });
  await drawing.promise;
  await layText(page, into.text, scale, signal);
}

/** The text in its places above the picture, invisible: to be read aloud, selected and found. */
async function layText(
  page: PDFPageProxy,
  container: HTMLDivElement,
  scale: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  container.replaceChildren();
  container.style.setProperty("--total-scale-factor", String(scale));
  const layer = new TextLayer({
    textContentSource: page.streamTextContent(),
    container,
    viewport: page.getViewport({ scale }),
  });
  signal.addEventListener("abort", () => layer.cancel(), { once: true });
  await layer.render();
}
