/** What received octets are handed to. */
export interface Taker {
  /** Whether another piece may be read. */
  readonly hasRoom: boolean;
  /** Takes octets, which are the caller's again afterwards. */
  take(octets: Buffer, length: number): void;
}
