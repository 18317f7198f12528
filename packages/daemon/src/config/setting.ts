import type { LimitName } from "@sallyport/protocol";
import type { SettingKind, SettingValue } from "./setting-kinds.ts";

/** One thing that a server can be told. Everything that knows settings reads this row. */
export interface Setting {
  readonly kind: SettingKind;
  /** Takes a list; a flag is then given several times, and the environment has commas. */
  readonly many?: true;
  readonly default?: SettingValue;
  /** What the default is where it is no fixed value, or none. */
  readonly defaultText?: string;
  /** `live`: SIGHUP takes it up for new connections; `restart`: the server has to be started again. */
  readonly changes: "live" | "restart";
  /** The row of the limits that the setting is another name for. */
  readonly limit?: LimitName;
  /** A `[[listener]]` can say it for itself. */
  readonly ofListener?: true;
  /** Never shown. */
  readonly secret?: true;
  /** Placeholder in the help of the flag. */
  readonly placeholder?: string;
  /** One sentence without its period. */
  readonly meaning: string;
}
