import { signal } from "@preact/signals";
import type { ProblemJson } from "../../api/api.ts";
import type { KeptUpload } from "./kept-uploads.ts";

export type TransferState = "queued" | "running" | "paused" | "failed" | "done" | "skipped" | "cancelled";

/** A row of the queue. */
export interface Transfer {
  readonly id: string;
  readonly direction: "upload" | "download" | "copy";
  /** `user@host:port`, whose login it belongs to. */
  readonly server: string;
  readonly path: string;
  readonly total: number | undefined;
  readonly bytes: number;
  readonly state: TransferState;
  /** Octets in a second, of late. */
  readonly rate: number;
  readonly problem: ProblemJson | undefined;
  /** What there is to add, in the language of the moment. */
  readonly note: (() => string) | undefined;
  /** The file of an upload that an earlier page began: it has to be chosen again. */
  readonly missing?: KeptUpload | undefined;
}

export const transfers = signal<readonly Transfer[]>([]);

export function newTransfer(id: string, direction: Transfer["direction"], path: string): Transfer {
  return {
    id,
    direction,
    path,
    server: "",
    total: undefined,
    bytes: 0,
    state: "queued",
    rate: 0,
    problem: undefined,
    note: undefined,
  };
}

const marks = new Map<string, { readonly atMs: number; readonly bytes: number }>();

/** Notes how far a transfer is, and how fast it came there. */
export function measure(id: string, bytes: number): void {
  const nowMs = performance.now();
  const mark = marks.get(id);
  if (mark === undefined) marks.set(id, { atMs: nowMs, bytes });
  const elapsedMs = nowMs - (mark?.atMs ?? nowMs);
  if (mark === undefined || elapsedMs < 500) return update(id, { bytes });
  marks.set(id, { atMs: nowMs, bytes });
  const latest = ((bytes - mark.bytes) * 1000) / elapsedMs;
  const before = find(id)?.rate ?? 0;
  update(id, { bytes, rate: before === 0 ? latest : before * 0.6 + latest * 0.4 });
}

export function find(id: string): Transfer | undefined {
  return transfers.value.find((transfer) => transfer.id === id);
}

export function update(id: string, changes: Partial<Transfer>): void {
  transfers.value = transfers.value.map((transfer) => (transfer.id === id ? { ...transfer, ...changes } : transfer));
}
