import type { EntryJson, LoginJson } from "../../api/api.ts";

/** Entries of a directory that are to be somewhere else, too, or instead. */
export interface Carried {
  readonly login: LoginJson;
  readonly directory: string;
  readonly entries: readonly EntryJson[];
}

export interface Place {
  readonly login: LoginJson;
  readonly directory: string;
}
