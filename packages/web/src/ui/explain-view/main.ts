import type { ExplainedHost, ExplainEvent } from "@sallyport/inspector/model";
import { ExplainView } from "./explain-view.ts";

/**
 * Defines `<sallyport-explain>`. A page that carries a recording, in a script element of type `application/json` inside of
 * it, is shown at once.
 */
customElements.define("sallyport-explain", ExplainView);

for (const view of document.querySelectorAll<ExplainView>("sallyport-explain")) {
  const recording = view.querySelector('script[type="application/json"]')?.textContent;
  if (recording === undefined || recording === null) continue;
  const { target, events } = JSON.parse(recording) as {
    readonly target: ExplainedHost;
    readonly events: readonly ExplainEvent[];
  };
  view.begin(target);
  for (const event of events) view.add(event);
  view.end();
}
