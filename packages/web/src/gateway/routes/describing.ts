import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { GatewayEnv } from "../environment.ts";
import { problem } from "../schemas.ts";

export type GatewayApp = OpenAPIHono<GatewayEnv>;

/** A JSON body, as OpenAPI describes it. */
export function json<Schema extends z.ZodType>(schema: Schema) {
  return { content: { "application/json": { schema } }, required: true } as const;
}

export const inLogin = { params: z.object({ login: z.string().max(64) }) };

/** What every route may say instead. */
export const failures = {
  default: { description: "It failed", content: { "application/json": { schema: problem } } },
} as const;
