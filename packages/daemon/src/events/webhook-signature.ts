import { createHmac } from "node:crypto";

/**
 * The headers that name, date and sign a webhook, as Standard Webhooks 1.0 has them: HMAC-SHA-256 over
 * `id.timestamp.body`, in base64 behind the version. A receiver refuses timestamps that are minutes old, so that a call
 * which was recorded cannot be played again.
 */
export function webhookHeaders(
  { id, body }: { readonly id: string; readonly body: string },
  secret: Uint8Array | undefined,
  nowMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const named = { "webhook-id": id, "webhook-timestamp": timestamp };
  if (secret === undefined) return named;
  const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { ...named, "webhook-signature": `v1,${signature}` };
}
