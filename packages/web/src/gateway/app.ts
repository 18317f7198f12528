import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { bounds } from "./bounds.ts";
import { clientHost, type GatewayEnv, type GatewayParts } from "./environment.ts";
import { ownNameOnly, ownPageOnly, pageHeaders } from "./guard.ts";
import type { Page } from "./page.ts";
import { invalidText } from "./invalid-text.ts";
import { GatewayRefusal, problemOf, statusOf } from "./problem.ts";
import type { GatewayApp } from "./routes/describing.ts";
import { archiveRoutes } from "./routes/archives.ts";
import { copyRoutes } from "./routes/copies.ts";
import { downloadRoutes } from "./routes/downloads.ts";
import { entryRoutes } from "./routes/entries.ts";
import { explanationRoutes } from "./routes/explanations.ts";
import { loginRoutes } from "./routes/logins.ts";
import { searchRoutes } from "./routes/search.ts";
import { uploadRoutes } from "./routes/uploads.ts";

/** Everything that the gateway answers. */
export function gatewayApp(parts: GatewayParts, page: Page, version: string): GatewayApp {
  const app = new OpenAPIHono<GatewayEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      throw new GatewayRefusal(400, "SALLYPORT_REQUEST_INVALID", invalidText(result.error.issues));
    },
  });
  app.onError((cause, context) => {
    // What is no JSON is told so by the framework.
    const error = cause instanceof HTTPException ? notUnderstood(cause) : cause;
    const status = statusOf(error);
    if (status === 500) parts.onFailure(error);
    return context.json(problemOf(error), status);
  });
  app.notFound((context) => context.json({ code: "SALLYPORT_NOT_FOUND", message: "There is no such page." }, 404));
  app.use(pageHeaders);
  app.use(ownNameOnly(parts.reached));
  app.use("/api/*", ownPageOnly(parts.reached));
  app.use("/files/*", ownPageOnly(parts.reached));
  app.use("/files/*", async (context, next) => {
    await parts.rates.request(clientHost(parts, context));
    await next();
  });
  app.use("/api/*", async (context, next) => {
    await parts.rates.request(clientHost(parts, context));
    // The framework would begin what GET does, which nobody would end.
    if (context.req.method === "HEAD") throw new GatewayRefusal(405, "SALLYPORT_REQUEST_INVALID", "Ask by GET");
    await next();
    if (!context.res.headers.has("Cache-Control")) context.res.headers.set("Cache-Control", "no-store");
  });
  for (const path of ["/api/logins", "/api/logins/*", "/api/explain"]) app.use(path, bodyInTime);
  app.use("/api/logins/*", bodyLimit({ maxSize: bounds.requestBytes, onError: tooLarge }));
  app.use("/api/explain", bodyLimit({ maxSize: bounds.requestBytes, onError: tooLarge }));
  app.use("/api/logins", bodyLimit({ maxSize: bounds.requestBytes, onError: tooLarge }));
  loginRoutes(app, parts);
  entryRoutes(app, parts);
  downloadRoutes(app, parts);
  uploadRoutes(app, parts);
  copyRoutes(app, parts);
  searchRoutes(app, parts);
  archiveRoutes(app, parts);
  explanationRoutes(app, parts);
  app.doc31("/api/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "Sallyport online client",
      version,
      description:
        "Any FTP or FTPS server over HTTP. Requests that change something carry the header X-Sallyport; the cookie of the first login belongs to every other request.",
    },
  });
  app.get("*", (context) => page.answer(context));
  return app;
}

/** Who promises a body and sends none holds a connection no longer than that. */
const bodyInTime: MiddlewareHandler<GatewayEnv> = async ({ env: { incoming } }, next) => {
  const timer = setTimeout(() => !incoming.complete && incoming.destroy(), bounds.requestBodyMs).unref();
  await next();
  clearTimeout(timer);
};

function notUnderstood(cause: HTTPException): GatewayRefusal {
  return new GatewayRefusal(400, "SALLYPORT_REQUEST_INVALID", "The request is not understood", { cause });
}

function tooLarge(): never {
  throw new GatewayRefusal(413, "SALLYPORT_REQUEST_INVALID", "The request is too long");
}
