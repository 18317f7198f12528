import {
  type Conclusion,
  type ModeSummary,
  problemWords,
  roundTripsWords,
  turnWords,
  verificationWords,
  type Words,
} from "@sallyport/inspector/model";
import { element } from "./element.ts";
import { modes } from "./lanes.ts";

/** What each mode came to, and what to do, which is `advice`; `stripped` says it of a run with somebody in between. */
export function summaryTable(conclusion: Conclusion, advice: string, stripped?: Words): HTMLElement {
  const { host, ports } = conclusion;
  const rows: readonly (readonly [name: string, value: (summary: ModeSummary) => string])[] = [
    ["FTP octets in clear", ({ clearFtpOctets }) => String(clearFtpOctets)],
    ["TLS begins", ({ turn }) => turnWords(turn)],
    ["round trips before USER can go", roundTripsWords],
    [
      "chosen",
      ({ serverHello, group }) =>
        [serverHello?.version, serverHello?.suite, group].filter(Boolean).join(", ") || "nothing",
    ],
    ["certificate", ({ verification }) => (verification ? verificationWords(verification, host).sentence : "not seen")],
    [
      "outcome",
      ({ problem, mode }) =>
        stripped && mode === "explicit"
          ? stripped.sentence
          : problem
            ? problemWords(problem, { host, mode, port: ports[mode] }).sentence
            : "as it should be",
    ],
  ];
  return element(
    "section",
    { class: "summary" },
    element(
      "table",
      {},
      element("tr", {}, element("td"), ...modes.map((mode) => element("th", { scope: "col" }, mode))),
      ...rows.map(([name, value]) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, name),
          ...modes.map((mode) => element("td", {}, ...breakable(value(conclusion[mode])))),
        ),
      ),
    ),
    element("p", { class: "advice" }, stripped?.advice ?? advice),
  );
}

/** Names of suites are longer than a column on a phone: they break behind an underscore. */
function breakable(text: string): (string | HTMLElement)[] {
  return text.split(/(?<=_)/).flatMap((part, at) => (at === 0 ? [part] : [element("wbr", {}), part]));
}
