/** An exclusive right, kept in a file so that other processes respect it and the next start can undo what it covered. */
export interface Claim {
  release(options: { readonly durable: boolean }): Promise<void>;
}
