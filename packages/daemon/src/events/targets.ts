import type { LimitValues } from "@sallyport/protocol";
import type { NotifySettings } from "./notify-settings.ts";
import { checkProgram, ProgramTarget } from "./program-target.ts";
import type { Target } from "./target.ts";
import { WebhookTarget, webhookUrl } from "./webhook-target.ts";

/** What targets need to know besides their settings. */
export interface TargetGround {
  readonly directory: string;
  readonly served: { readonly root: string; readonly readOnly: boolean };
  readonly version: string;
  readonly limits: LimitValues;
}

/**
 * Opens every target once: a path is a program, anything else the URL of a webhook.
 *
 * @throws {ConfigError} SALLYPORT_NOTIFY_PROGRAM, SALLYPORT_NOTIFY_URL, SALLYPORT_NOTIFY_SECRET, or as readPemFile.
 */
export function openTargets(settings: NotifySettings, ground: TargetGround): Target[] {
  return [...new Set(settings.targets)].map((target) =>
    target.startsWith("/") ? openProgram(target, ground) : openWebhook(target, settings, ground),
  );
}

function openProgram(path: string, { served, directory, limits }: TargetGround): Target {
  checkProgram(path, served);
  return new ProgramTarget(path, { directory, limits });
}

function openWebhook(target: string, settings: NotifySettings, { version, limits }: TargetGround): Target {
  const { secretFile, authoritiesFile, plainHttp = false } = settings;
  const agent = `Sallyport/${version}`;
  return new WebhookTarget(webhookUrl(target, { plainHttp }), { secretFile, authoritiesFile, agent, limits });
}
