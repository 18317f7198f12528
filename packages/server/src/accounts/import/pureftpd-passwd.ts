import type { NewAccount } from "../account-record.ts";
import {
  accountLines,
  collectLines,
  fieldsError,
  type ImportedAccounts,
  importedHash,
  importedHome,
  type ImportOptions,
  LineError,
} from "./imported-accounts.ts";

/**
 * Reads the text form of Pure-FTPd's PureDB (pureftpd.passwd, as pure-pw writes it): name, hash, uid, gid, gecos, home,
 * upload and download bandwidth (octets a second), two ratios, connections, file and size quota, four address lists and
 * a time of day (README.Virtual-Users). Bandwidths, connections and the size quota are taken over; ratios and the file
 * quota are not, with a warning. An account that was restricted to addresses or times would be open to everybody
 * without them, and is imported disabled.
 */
export function parsePureFtpdPasswd(text: string, options: ImportOptions): ImportedAccounts {
  return collectLines(
    accountLines(text),
    (line) => {
      const fields = line.split(":");
      // Some releases end the line with one more colon; the shortest stop at the home.
      if (fields.length < 6 || fields.length > 19) return fieldsError(fields.length, 18);
      const [name = "", hash = "", , , , homeText = ""] = fields;
      const password = importedHash(hash, options.limits);
      if (password instanceof LineError) return password;
      const home = importedHome(homeText, options);
      if (home instanceof LineError) return home;
      const numbers = numbersOf(fields);
      if (numbers instanceof LineError) return numbers;
      const isRestricted = fields.slice(13, 18).some((field) => field !== "");
      const enabled = password.enabled === true && !isRestricted;
      return { account: { name, ...password, ...numbers, home, enabled }, warnings: warningsOf(fields) };
    },
    options,
  );
}

type Numbers = Pick<NewAccount, "uploadBytesPerSecond" | "downloadBytesPerSecond" | "connectionsMax" | "quotaBytes">;

const numberFields: readonly (readonly [position: number, key: keyof Numbers, least: number])[] = [
  [6, "uploadBytesPerSecond", 1],
  [7, "downloadBytesPerSecond", 1],
  [10, "connectionsMax", 1],
  [12, "quotaBytes", 0],
];

/** Where zero makes no sense it means "unlimited". */
function numbersOf(fields: readonly string[]): Numbers | LineError {
  const numbers: { -readonly [Key in keyof Numbers]: Numbers[Key] } = {};
  for (const [position, key, least] of numberFields) {
    const field = fields[position] ?? "";
    if (field === "") continue;
    const number = Number(field);
    if (!/^\d+$/.test(field) || !Number.isSafeInteger(number)) {
      return new LineError(`field ${position + 1} is not a whole number`);
    }
    if (number >= least) numbers[key] = number;
  }
  return numbers;
}

function warningsOf(fields: readonly string[]): readonly string[] {
  const has = (first: number, end: number): boolean => fields.slice(first, end).some((field) => field !== "");
  const [, hash = "", , , , home = ""] = fields;
  const start = home.split("/./")[1] ?? "";
  const found: readonly (readonly [boolean, string])[] = [
    [hash.startsWith("!"), "locked, and imported so"],
    [start !== "", "the directory that a login starts in is not carried over"],
    [has(8, 10), "the ratios are not carried over"],
    [has(11, 12), "the limit of files is not carried over"],
    [has(13, 15), "restricted to addresses of the server, which is not carried over: imported disabled"],
    [has(15, 17), "restricted to addresses of clients, which is not carried over: imported disabled"],
    [has(17, 18), "restricted to times of day, which is not carried over: imported disabled"],
  ];
  return found.filter(([applies]) => applies).map(([, warning]) => warning);
}
