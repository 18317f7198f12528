import type { ExplainedHost, ExplainEvent } from "@sallyport/inspector/model";
import { ExplainView, type Interference, type Recordings } from "./explain-view.ts";

/**
 * Defines `<sallyport-explain>`. A page that carries a recording, in a script element of type `application/json` inside of
 * it, is shown at once; one with a `src` runs live, from server-sent events that come from there.
 */
customElements.define("sallyport-explain", ExplainView);

for (const view of document.querySelectorAll<ExplainView>("sallyport-explain")) {
  const carried = view.querySelector('script[type="application/json"]')?.textContent;
  if (carried === undefined || carried === null) continue;
  const { target, recordings } = JSON.parse(carried) as {
    readonly target: ExplainedHost;
    readonly recordings: Recordings;
  };
  const source = view.getAttribute("src");
  if (source === null) view.play(target, recordings);
  else runLive(view, target, source);
}

function runLive(view: ExplainView, target: ExplainedHost, source: string): void {
  let events: EventSource | undefined;
  const run = (interference: Interference): void => {
    events?.close();
    view.begin(target);
    const current = new EventSource(`${source}?between=${interference}`);
    events = current;
    const end = (): void => {
      current.close();
      view.end();
    };
    current.addEventListener("message", ({ data }) => view.add(JSON.parse(String(data)) as ExplainEvent));
    for (const last of ["over", "error"]) current.addEventListener(last, end);
  };
  view.onInterference = run;
  run("none");
}
