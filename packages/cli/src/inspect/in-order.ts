/**
 * Does some work for each item, at most so many at once, and gives the results in the order of the items, each as soon
 * as those before it are there.
 */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<readonly [Item, Result]> {
  const begun: Promise<Result>[] = [];
  let running = 0;
  const beginMore = (): void => {
    for (let next = items[begun.length]; next !== undefined && running < atOnce; next = items[begun.length]) {
      running += 1;
      const done = work(next).finally(() => {
        running -= 1;
        beginMore();
      });
      // Awaited below, in its turn.
      done.catch(() => {});
      begun.push(done);
    }
  };
  beginMore();
  for (const [index, item] of items.entries()) {
    const result = begun[index];
    if (result !== undefined) yield [item, await result];
  }
}
