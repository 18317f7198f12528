import { z } from "@hono/zod-openapi";

// oxlint-disable-next-line no-control-regex -- these three would end a command line early
const oneLine = /^[^\r\n\0]*$/;

/** Text that can stand in a command. */
export function line(longest: number) {
  return z.string().max(longest).regex(oneLine, "has CR, LF or NUL");
}
