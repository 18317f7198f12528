/** Asks for the status now and then until it is disposed of, one question at a time. */
export function statusBeat(ask: () => Promise<unknown>, everyMs: number): Disposable {
  let isAsking = false;
  const timer = setInterval(() => {
    if (isAsking) return;
    isAsking = true;
    const answered = (): void => void (isAsking = false);
    ask().then(answered, answered);
  }, everyMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
