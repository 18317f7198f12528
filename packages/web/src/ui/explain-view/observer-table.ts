import { type ModeSummary, readableByAnyone } from "@sallyport/inspector/model";
import { element } from "./element.ts";

/** What somebody on the wire has read up to here, mode by mode. */
export function observerTable(explicit: ModeSummary, implicit: ModeSummary): HTMLElement {
  return element(
    "section",
    { "aria-label": "What somebody on the wire has read so far" },
    element("h2", {}, "Read on the wire so far"),
    ...[explicit, implicit].map((summary) => {
      const read = readableByAnyone(summary);
      return element(
        "div",
        {},
        element("h3", {}, summary.mode, element("span", {}, `${summary.clearFtpOctets} octets of FTP in clear`)),
        read.length === 0
          ? element("p", { class: "nothing" }, "nothing")
          : element("ul", {}, ...read.map((line) => element("li", {}, line))),
      );
    }),
  );
}
