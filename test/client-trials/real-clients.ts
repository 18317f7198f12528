import { findProgram, sallyportCommand } from "@sallyport/testing";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A client of the table, as somebody would call it. */
export interface RealClient {
  readonly name: string;
  readonly version: string;
  readonly needs: readonly string[];
  /** Commands of explicit and implicit TLS; without the second it has none. */
  readonly run: string;
  readonly runImplicit?: string;
}

const program = (name: string): string => findProgram(name) ?? name;
const python = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
const script = fileURLToPath(new URL("fetch-with-ftplib.py", import.meta.url));

const curl = (words: string): string =>
  `${program("curl")} -sS --max-time 8 ${words} -u {user}:{password} {url}{file} -o out`;
const lftp = (settings: string): string =>
  `${program("lftp")} --norc -c 'set ssl:ca-file '{ca}'; set net:max-retries 1; set net:timeout 6; set cmd:fail-exit yes; ${settings} open -u {user},{password} {url}; get {file} -o out'`;
const wget = (words: string): string =>
  `${program("wget")} -q --no-config --ca-certificate={ca} --tries=1 --timeout=8 -O out ${words} ftps://{user}:{password}@{host}:{port}/{file}`;
const rclone = (words: string): string =>
  `SSL_CERT_FILE={ca} ${program("rclone")} --config /dev/null --retries 1 --low-level-retries 1 --timeout 6s --contimeout 6s ${words} --ftp-host {host} --ftp-port {port} --ftp-user {user} --ftp-pass $(${program("rclone")} obscure {password}) copyto :ftp:{file} out`;
const sallyport = (scheme: string): string =>
  `SALLYPORT_PASSWORD={password} ${sallyportCommand} get ${scheme}://{user}@{host}:{port}/{file} --ca {ca} --output out --quiet`;
const ftplib = (trust: string): string => `${python} ${script} ${trust} {host} {port} {user} {password} {file} {ca}`;

/** Clients with the settings that people use: the safest, and what they do where nobody sets anything. */
export const realClients: readonly RealClient[] = [
  { name: "sallyport get", version: "", needs: [], run: sallyport("ftp"), runImplicit: sallyport("ftps") },
  { name: "curl --ssl-reqd", version: "7.88.1", needs: ["curl"], run: curl("--ssl-reqd --cacert {ca}") },
  { name: "curl --ssl -k", version: "7.88.1", needs: ["curl"], run: curl("--ssl -k") },
  { name: "curl, nothing set", version: "7.88.1", needs: ["curl"], run: curl("--cacert {ca}") },
  { name: "lftp, ssl-force", version: "4.9.2", needs: ["lftp"], run: lftp("set ftp:ssl-force yes;") },
  { name: "lftp, nothing set", version: "4.9.2", needs: ["lftp"], run: lftp("") },
  { name: "wget", version: "1.21.3", needs: ["wget"], run: wget(""), runImplicit: wget("--ftps-implicit") },
  {
    ...{ name: "rclone", version: "1.60.1", needs: ["rclone"] },
    ...{ run: rclone("--ftp-explicit-tls"), runImplicit: rclone("--ftp-tls") },
  },
  { name: "Python ftplib, default context", version: "3.11.2", needs: ["python3"], run: ftplib("checked") },
  { name: "Python ftplib, as FTP_TLS()", version: "3.11.2", needs: ["python3"], run: ftplib("unchecked") },
  {
    ...{ name: "ftp-ssl", version: "0.17", needs: ["ftp-ssl"] },
    run: `printf "user {user} {password}\\nbinary\\nget {file} out\\nquit\\n" | ${program("ftp-ssl")} -np {host} {port}`,
  },
];
