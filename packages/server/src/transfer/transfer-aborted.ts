/**
 * Reason of an abort signal: a transfer was ended on purpose, by ABOR or with its control connection. It is no fault and
 * carries no stack, which would cost more than the end of a connection does.
 */
export class TransferAborted extends Error {
  constructor(message: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}
