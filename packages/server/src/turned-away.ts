import { banReasons } from "@sallyport/server/accounts";

/** What a peer is told with 421 whose connection is not served; the cause itself is for the log. */
export function turnedAwayText(cause: string): string {
  return texts[cause] ?? "Too many connections.";
}

const texts: Readonly<Record<string, string>> = {
  [banReasons.wrongPasswords]: "Too many wrong passwords from this address; try again later.",
  [banReasons.nextTurn]: "A wrong password came from this address; try again in a moment.",
  [banReasons.administrator]: "This address is not served at the moment.",
};
