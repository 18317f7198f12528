import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type ConnectionOptions } from "node:tls";
import { findProgram, needs } from "@sallyport/testing";

/** A TLS client of another library, which connects twice at least, so that it can resume. */
export interface ForeignClient {
  readonly name: string;
  readonly skip: string | false;
  /** Whether the second connection resumes the first. */
  readonly resumes: boolean;
  run(port: number): Promise<void>;
}

const scratch = mkdtempSync(join(tmpdir(), "sallyport-clients-"));

function run(program: string, words: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(program, words, { timeout: 30_000 }, (_, stdout, stderr) => resolve(stdout + stderr));
    child.stdin?.on("error", () => {}).end(input);
  });
}

export const quickClients: readonly ForeignClient[] = [
  {
    name: "OpenSSL 3.0 (s_client)",
    skip: needs("openssl"),
    resumes: true,
    async run(port) {
      const place = ["s_client", "-connect", `127.0.0.1:${port}`, "-ign_eof", "-quiet", "-servername", "localhost"];
      const kept = join(scratch, `session-${port}.pem`);
      await run("openssl", [...place, "-sess_out", kept], "NOOP\r\nQUIT\r\n");
      await run("openssl", [...place, "-sess_in", kept], "NOOP\r\nQUIT\r\n");
    },
  },
  {
    name: "GnuTLS (lftp)",
    skip: needs("lftp"),
    resumes: true,
    async run(port) {
      const settings = "set ssl:verify-certificate no; set net:max-retries 1; set net:timeout 10; set ftp:use-hftp no";
      await run("lftp", ["-c", `${settings}; open -u a,b ftps://127.0.0.1:${port}; cls; quote NOOP; bye`]);
    },
  },
  {
    name: "Go (rclone)",
    skip: needs("rclone"),
    resumes: true,
    async run(port) {
      const password = execFileSync("rclone", ["obscure", "b"], { encoding: "utf8" }).trim();
      const hasty = ["--retries", "1", "--low-level-retries", "1", "--contimeout", "3s", "--timeout", "3s"];
      const settings = `host=127.0.0.1,port=${port},user=a,pass=${password},tls=true,no_check_certificate=true`;
      await run("rclone", ["--config", "/dev/null", ...hasty, "lsf", `:ftp,${settings}:`]);
    },
  },
  {
    name: "Node",
    skip: false,
    resumes: true,
    async run(port) {
      const session = await viaNode(port, {});
      await viaNode(port, session === undefined ? {} : { session });
    },
  },
];

async function viaNode(port: number, options: ConnectionOptions): Promise<Buffer | undefined> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
  let session: Buffer | undefined;
  socket.on("session", (fresh: Buffer) => (session = fresh)).on("error", () => {});
  await once(socket, "data");
  socket.write("QUIT\r\n");
  await once(socket.resume(), "close");
  return session;
}

/** Needs a compiler of Java, which is more than a quick run installs. */
export const javaClient: ForeignClient = {
  name: "Java (JSSE)",
  skip: findProgram("javac") === undefined ? "this machine lacks javac" : false,
  resumes: true,
  async run(port) {
    const source = join(scratch, "Twice.java");
    writeFileSync(source, javaSource);
    await run("java", [source, String(port)]);
  },
};

const javaSource = `
import java.io.*;
import java.security.cert.X509Certificate;
import javax.net.ssl.*;

public class Twice {
  public static void main(String[] words) throws Exception {
    TrustManager everybody = new X509ExtendedTrustManager() {
      public void checkClientTrusted(X509Certificate[] chain, String type) {}
      public void checkServerTrusted(X509Certificate[] chain, String type) {}
      public void checkClientTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}
      public void checkServerTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}
      public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
      public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
      public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
    };
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] { everybody }, null);
    for (int count = 0; count < 2; count++) {
      try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", Integer.parseInt(words[0]))) {
        BufferedReader reader = new BufferedReader(new InputStreamReader(socket.getInputStream()));
        Writer writer = new OutputStreamWriter(socket.getOutputStream());
        reader.readLine();
        writer.write("NOOP\\r\\nQUIT\\r\\n");
        writer.flush();
        while (reader.readLine() != null) {}
      }
    }
  }
}
`;
