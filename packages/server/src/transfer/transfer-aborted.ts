/** Reason of an abort signal: a transfer was ended on purpose, by ABOR or with its control connection. */
export class TransferAborted extends Error {}
