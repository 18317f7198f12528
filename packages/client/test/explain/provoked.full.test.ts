import { connect, explainFailure } from "@sallyport/client";
import { needs, peerNeeds, startProftpd, startPureFtpd, startPyftpdlib, startVsftpd } from "@sallyport/testing";
import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Product, provoke, put } from "./provocation.ts";

/** Each needs a server of its own, or a wait. */
const products: readonly (Product & { readonly needs: readonly string[] })[] = [
  {
    name: "vsftpd",
    needs: peerNeeds.vsftpd,
    strict: () => startVsftpd({ options: ["allow_writeable_chroot=NO"] }),
    mended: () => startVsftpd(),
    provocations: [{ cause: "home-writable-in-jail", setting: /allow_writeable_chroot=YES/, vanishes: true }],
  },
  {
    name: "vsftpd",
    needs: peerNeeds.vsftpd,
    strict: () => startVsftpd({ options: ["userlist_enable=YES", "userlist_deny=NO", "userlist_file=/dev/null"] }),
    provocations: [{ cause: "user-not-listed", setting: /userlist_enable/ }],
  },
  {
    name: "vsftpd",
    needs: peerNeeds.vsftpd,
    strict: () => startVsftpd({ options: ["local_enable=NO"] }),
    provocations: [{ cause: "service-misconfigured", setting: /local_enable=YES/ }],
  },
  {
    name: "vsftpd",
    needs: peerNeeds.vsftpd,
    strict: () => startVsftpd({ options: ["ssl_enable=NO", "pasv_enable=NO"] }),
    mended: () => startVsftpd(),
    provocations: [
      { cause: "tls-not-offered", setting: /ssl_enable=YES/, here: /--plain/, vanishes: true },
      {
        cause: "passive-refused",
        setting: /pasv_enable=YES/,
        here: /--active/,
        options: { security: "plain" },
        vanishes: true,
      },
    ],
  },
  {
    name: "vsftpd",
    needs: peerNeeds.vsftpd,
    strict: () => startVsftpd({ options: ["require_cert=YES"] }),
    mended: () => startVsftpd(),
    provocations: [{ cause: "client-certificate-wanted", setting: /require_cert=NO/, here: /--cert/, vanishes: true }],
  },
  {
    name: "vsftpd",
    needs: peerNeeds.vsftpd,
    strict: () => startVsftpd({ options: ["data_connection_timeout=1"] }),
    mended: () => startVsftpd(),
    provocations: [
      {
        cause: "data-stalled",
        setting: /data_connection_timeout/,
        ask: (client) => client.write("slow", slowly()),
        vanishes: true,
      },
      {
        cause: "directory-not-writable",
        setting: /owner and mode/,
        ask: async (client, { home }) => {
          await chmod(home, 0o555);
          await put(client, "new");
        },
      },
    ],
  },
  {
    name: "ProFTPD",
    needs: peerNeeds.proftpd,
    strict: () => startProftpd({ directives: ["TimeoutStalled 1"] }),
    mended: () => startProftpd(),
    provocations: [
      {
        cause: "data-stalled",
        setting: /TimeoutStalled/,
        ask: (client) => client.write("slow", slowly()),
        vanishes: true,
      },
    ],
  },
  {
    name: "ProFTPD",
    needs: peerNeeds.proftpd,
    strict: () => startProftpd({ directives: ["TimeoutIdle 1"] }),
    mended: () => startProftpd(),
    provocations: [
      {
        cause: "idle-timeout",
        setting: /TimeoutIdle/,
        ask: async (client) => {
          using lease = await client.checkout();
          await pause(3_000);
          await lease.connection.command("NOOP");
        },
        vanishes: true,
      },
    ],
  },
  {
    name: "ProFTPD",
    needs: peerNeeds.proftpd,
    strict: () => startProftpd({ tlsProtocols: ["TLSv1"] }),
    mended: () => startProftpd(),
    provocations: [{ cause: "tls-version", setting: /TLSProtocol TLSv1\.2/, vanishes: true }],
  },
  {
    name: "ProFTPD",
    needs: peerNeeds.proftpd,
    strict: () => startProftpd({ directives: ["TLSVerifyClient on"] }),
    mended: () => startProftpd(),
    provocations: [{ cause: "client-certificate-wanted", setting: /TLSVerifyClient/, vanishes: true }],
  },
  {
    name: "ProFTPD",
    needs: peerNeeds.proftpd,
    strict: () => startProftpd({ directives: ["<Limit LOGIN>", "DenyAll", "</Limit>"] }),
    mended: () => startProftpd(),
    provocations: [{ cause: "closed-at-once", vanishes: true }],
  },
  {
    name: "Pure-FTPd",
    needs: peerNeeds.pureFtpd,
    strict: () => startPureFtpd({ options: ["-u", "6000"] }),
    mended: () => startPureFtpd(),
    provocations: [{ cause: "account-closed", setting: /MinUID \(-u\)/, vanishes: true }],
  },
  {
    name: "pyftpdlib",
    needs: peerNeeds.pyftpdlib,
    strict: () => startPyftpdlib({ tlsRequired: true }),
    mended: () => startPyftpdlib(),
    provocations: [
      {
        cause: "tls-required",
        setting: /tls_control_required = False/,
        options: { security: "plain" },
        vanishes: true,
      },
      {
        cause: "data-protection-required",
        setting: /tls_data_required = False/,
        options: { dataProtection: "C" },
        vanishes: true,
      },
    ],
  },
];

for (const product of products) {
  const causes = product.provocations.map(({ cause }) => cause).join(", ");
  test(`failures with ${product.name} are explained: ${causes}`, { skip: needs(...product.needs) }, (t) =>
    provoke(t, product),
  );
}

async function* slowly(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(1_000);
  await pause(4_000);
  yield Buffer.alloc(1_000);
}

test("a name that has no address, and a port where nobody listens, are explained", async () => {
  const failing = (url: string): Promise<unknown> =>
    connect(url, { retry: { attempts: 0 } }).then(
      () => assert.fail("it connected"),
      (error: unknown) => error,
    );
  assert.equal(explainFailure(await failing("ftpes://nowhere.invalid/"))?.causes[0]?.id, "host-unknown");
  assert.equal(explainFailure(await failing("ftpes://127.0.0.1:1/"))?.causes[0]?.id, "nothing-listens");
});
