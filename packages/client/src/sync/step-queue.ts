/** What several workers have to tell, for one reader. */
export class StepQueue<Step> implements AsyncIterable<Step> {
  #steps: Step[] = [];
  #isOver = false;
  #wake: () => void = () => {};

  give(step: Step): void {
    this.#steps.push(step);
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Step, undefined> {
    for (;;) {
      yield* this.#steps.splice(0);
      if (this.#steps.length > 0) continue;
      if (this.#isOver) return undefined;
      // oxlint-disable-next-line no-await-in-loop -- until there is more
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
