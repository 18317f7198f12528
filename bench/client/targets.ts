import { row, type Target } from "../comparison/targets.ts";
import type { RivalName } from "./programs.ts";

const swift: readonly RivalName[] = ["curl", "lftp"];
const capable: readonly RivalName[] = ["lftp", "rclone"];
/** At least 1.3 times as fast as the best, where each round trip takes 50 ms. */
const ahead = 1.3;

/** Of the client. */
export const clientTargets: readonly Target[] = [
  row("get-pure-ftpd", "processor", "curl", 1, 0.75),
  row("get-pure-ftpd", "rate", swift, 1.1, 1.3),
  row("put-pure-ftpd", "processor", "curl", 0.9, 0.75),
  row("get-vsftpd", "processor", "curl", 1, 0.75),
  row("get-vsftpd", "rate", swift, 0.9, 1),
  row("get-vsftpd", "rate", "lftp", 1, 1.1),
  row("put-vsftpd", "processor", "curl", 0.9, 0.75),
  row("small-get", "rate", "rclone", 1, 1.5),
  row("small-get", "rate", "lftp", 3, 5),
  row("far-first", "round-trips", capable, 0.77, 0.6),
  row("far-small", "rate", capable, ahead, 2),
  row("far-big", "rate", capable, ahead, 2),
];
