import { check } from "./check.ts";

export const services = check({
  id: "X3",
  name: "services",
  title: "What else the name system tells clients of the service",
  reference: "RFC 2782, RFC 9460, R-TLS-06",
  needs: ["names"],
  judge({ names: { services: asked, bindings } }) {
    const evidence = asked.map(({ name, records }) => {
      return `SRV ${name}: ${records === undefined ? "no answer" : records.join(", ") || "none"}`;
    });
    const told = bindings?.map(({ priority, target, hasEch }) => `${priority} ${target}${hasEch ? " with ECH" : ""}`);
    evidence.push(`HTTPS: ${told === undefined ? "no answer" : told.join(", ") || "none"}`);
    const srv = asked.flatMap(({ records }) => records ?? []);
    const parts = [
      ...(srv.length > 0 ? [`${srv.length} SRV records, which few clients ask for`] : []),
      ...(bindings?.some(({ hasEch }) => hasEch) === true
        ? ["keys for Encrypted Client Hello, for browsers alone"]
        : []),
    ];
    const text = parts.length > 0 ? `There are ${parts.join(" and ")}` : "Nothing leads to another name or port";
    return { status: "info", text, evidence };
  },
});
