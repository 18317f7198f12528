import { certificateTrials } from "./certificate-trials.ts";
import { dataTrials } from "./data-trials.ts";
import { loginTrials } from "./login-trials.ts";
import { soundTrials } from "./sound-trials.ts";
import type { Trial } from "./trial.ts";

/** Every trial, in the order in which a client goes through them; those of one script follow each other and share a visit. */
export const trials: readonly Trial[] = [...soundTrials, ...loginTrials, ...certificateTrials, ...dataTrials];

/** Whether a trial is of a sound server: what a client does there is what the others are judged against. */
export function isSound({ script }: Trial): boolean {
  return soundTrials.some((trial) => trial.script === script);
}
