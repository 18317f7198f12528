import { parseText } from "../flags.ts";

/** URLs of a command that takes one or more. */
export const urlsParameter = {
  kind: "array",
  minimum: 1,
  parameter: { brief: "ftp://, ftps:// or ftpes://[USER@]HOST[:PORT]/PATH", placeholder: "URL", parse: parseText },
} as const;
