import { clientFlags } from "../client-flags.ts";

/** What `set` changes. */
export class Settings {
  keepGoing = false;
  verbose = false;
  /** Octets in a second; undefined for as many as can. */
  limitRate: number | undefined;
  /** Program that `more` shows files with; undefined for the usual one. */
  pager: string | undefined;

  /** `-FX` leaves what fits the screen there. */
  get pagerCommand(): string {
    return this.pager ?? (process.env["PAGER"] || "less -FX");
  }
}

interface SettingRow {
  readonly brief: string;
  readonly choices: readonly string[];
  show(settings: Settings): string;
  /** Throws what completes "takes …". */
  change(settings: Settings, text: string): void;
}

const switchChoices = ["on", "off"] as const;

function parseSwitch(text: string): boolean {
  if (text !== "on" && text !== "off") throw new Error("on or off");
  return text === "on";
}

/** Every setting, by its name. */
export const settingTable: Readonly<Record<string, SettingRow>> = {
  "keep-going": {
    brief: "Whether commands that are read from elsewhere go on behind one that fails",
    choices: switchChoices,
    show: ({ keepGoing }) => (keepGoing ? "on" : "off"),
    change: (settings, text) => void (settings.keepGoing = parseSwitch(text)),
  },
  "limit-rate": {
    brief: "Octets in a second that all transfers together move at most, as in 500K, or off",
    choices: ["off"],
    show: ({ limitRate }) => (limitRate === undefined ? "off" : String(limitRate)),
    change(settings, text) {
      settings.limitRate = text === "off" ? undefined : clientFlags.limitRate.parse(text);
    },
  },
  pager: {
    brief: "Program that more shows files with (default: $PAGER, else less)",
    choices: [],
    show: ({ pagerCommand }) => pagerCommand,
    change: (settings, text) => void (settings.pager = text),
  },
  verbose: {
    brief: "Whether dialogues are shown, secrets masked",
    choices: switchChoices,
    show: ({ verbose }) => (verbose ? "on" : "off"),
    change: (settings, text) => void (settings.verbose = parseSwitch(text)),
  },
};
