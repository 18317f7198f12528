import { isComplete } from "../probes/data.ts";
import { check } from "./check.ts";
import { listingText } from "./listing.ts";

export const implicitDefault = check({
  id: "M5",
  name: "implicit-default",
  set: "login",
  title: "In implicit mode data is protected without being asked",
  reference: "draft-murray-auth-ftp-ssl-16 §2.1, MS-FTPS §3.1.5",
  needs: ["implicitDefault"],
  judge({ implicitDefault: data }) {
    const evidence = [`LIST without PBSZ and PROT: ${listingText(data)}`];
    const mode = "implicit";
    if (data.secured !== undefined) return { status: "ok", text: "Data is protected by default", evidence, mode };
    if (!isComplete(data)) return { status: "ok", text: "Data in clear is refused by default", evidence, mode };
    const text = "Data goes in clear until PROT P: implicit clients that take protection for granted show their files";
    return { status: "warn", text, evidence, mode, fix: "data-clear" };
  },
});
