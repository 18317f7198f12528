import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { admitEndpoint } from "../../src/fxp/meeting-place.ts";

describe("where one server is sent to the other", () => {
  const admitted: readonly (readonly [host: string, connector: string])[] = [
    ["198.51.100.7", "203.0.113.9"],
    ["2001:db8::1", "203.0.113.9"],
    ["10.0.0.7", "192.168.1.9"],
    ["127.0.0.1", "127.0.0.1"],
    ["198.51.100.7", "10.0.0.9"],
  ];
  for (const [host, connector] of admitted) {
    it(`S-06 ${connector} may be sent to ${host}`, () => {
      admitEndpoint({ host, port: 40_000 }, connector);
    });
  }

  const refused: readonly (readonly [host: string, connector: string, port?: number])[] = [
    ["198.51.100.7", "203.0.113.9", 25],
    ["198.51.100.7", "203.0.113.9", 1023],
    ["127.0.0.1", "203.0.113.9"],
    ["::1", "203.0.113.9"],
    ["169.254.169.254", "203.0.113.9"],
    ["10.0.0.7", "203.0.113.9"],
    ["172.31.255.1", "203.0.113.9"],
    ["fd00::1", "2001:db8::9"],
    ["0.0.0.0", "203.0.113.9"],
    ["224.0.0.1", "203.0.113.9"],
    ["255.255.255.255", "203.0.113.9"],
    ["ftp.example.org", "203.0.113.9"],
  ];
  for (const [host, connector, port = 40_000] of refused) {
    it(`S-06 ${connector} is not sent to ${host} port ${port}`, () => {
      assert.throws(() => admitEndpoint({ host, port }, connector), { code: "SALLYPORT_FXP_ADDRESS" });
    });
  }
});
