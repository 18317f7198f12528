import type { Command, Verb } from "@sallyport/protocol";
import type { CommandContext, CommandHandler, Outcome } from "../command-handler.ts";
import { abor } from "./abor.ts";
import { acct } from "./acct.ts";
import { adat } from "./adat.ts";
import { allo } from "./allo.ts";
import { appe } from "./appe.ts";
import { auth } from "./auth.ts";
import { avbl } from "./avbl.ts";
import { ccc } from "./ccc.ts";
import { cdup } from "./cdup.ts";
import { clnt } from "./clnt.ts";
import { conf } from "./conf.ts";
import { cpsv } from "./cpsv.ts";
import { csid } from "./csid.ts";
import { cwd } from "./cwd.ts";
import { dele } from "./dele.ts";
import { dsiz } from "./dsiz.ts";
import { enc } from "./enc.ts";
import { eprt } from "./eprt.ts";
import { epsv } from "./epsv.ts";
import { feat } from "./feat.ts";
import { hash } from "./hash.ts";
import { help } from "./help.ts";
import { host } from "./host.ts";
import { lang } from "./lang.ts";
import { list } from "./list.ts";
import { md5 } from "./md5.ts";
import { mdtm } from "./mdtm.ts";
import { mfct } from "./mfct.ts";
import { mff } from "./mff.ts";
import { mfmt } from "./mfmt.ts";
import { mic } from "./mic.ts";
import { mkd } from "./mkd.ts";
import { mlsd } from "./mlsd.ts";
import { mlst } from "./mlst.ts";
import { mode } from "./mode.ts";
import { nlst } from "./nlst.ts";
import { noop } from "./noop.ts";
import { opts } from "./opts.ts";
import { pass } from "./pass.ts";
import { pasv } from "./pasv.ts";
import { pbsz } from "./pbsz.ts";
import { port } from "./port.ts";
import { pret } from "./pret.ts";
import { prot } from "./prot.ts";
import { pwd } from "./pwd.ts";
import { quit } from "./quit.ts";
import { rang } from "./rang.ts";
import { rein } from "./rein.ts";
import { rest } from "./rest.ts";
import { retr } from "./retr.ts";
import { rmd } from "./rmd.ts";
import { rmda } from "./rmda.ts";
import { rnfr } from "./rnfr.ts";
import { rnto } from "./rnto.ts";
import { site } from "./site.ts";
import { size } from "./size.ts";
import { sscn } from "./sscn.ts";
import { stat } from "./stat.ts";
import { stor } from "./stor.ts";
import { stou } from "./stou.ts";
import { stru } from "./stru.ts";
import { syst } from "./syst.ts";
import { type } from "./type.ts";
import { user } from "./user.ts";
import { xcrc } from "./xcrc.ts";
import { xmd5 } from "./xmd5.ts";
import { xsha1 } from "./xsha1.ts";
import { xsha256 } from "./xsha256.ts";
import { xsha512 } from "./xsha512.ts";

/** One handler for each verb; the compiler names a missing one. */
const handlers: { readonly [V in Verb]: CommandHandler<V> } = {
  ABOR: abor,
  ACCT: acct,
  ADAT: adat,
  ALLO: allo,
  APPE: appe,
  AUTH: auth,
  AVBL: avbl,
  CCC: ccc,
  CDUP: cdup,
  CLNT: clnt,
  CONF: conf,
  CPSV: cpsv,
  CSID: csid,
  CWD: cwd,
  DELE: dele,
  DSIZ: dsiz,
  ENC: enc,
  EPRT: eprt,
  EPSV: epsv,
  FEAT: feat,
  HASH: hash,
  HELP: help,
  HOST: host,
  LANG: lang,
  LIST: list,
  MD5: md5,
  MDTM: mdtm,
  MFCT: mfct,
  MFF: mff,
  MFMT: mfmt,
  MIC: mic,
  MKD: mkd,
  MLSD: mlsd,
  MLST: mlst,
  MODE: mode,
  NLST: nlst,
  NOOP: noop,
  OPTS: opts,
  PASS: pass,
  PASV: pasv,
  PBSZ: pbsz,
  PORT: port,
  PRET: pret,
  PROT: prot,
  PWD: pwd,
  QUIT: quit,
  RANG: rang,
  REIN: rein,
  REST: rest,
  RETR: retr,
  RMD: rmd,
  RMDA: rmda,
  RNFR: rnfr,
  RNTO: rnto,
  SITE: site,
  SIZE: size,
  SSCN: sscn,
  STAT: stat,
  STOR: stor,
  STOU: stou,
  STRU: stru,
  SYST: syst,
  TYPE: type,
  USER: user,
  XCRC: xcrc,
  XMD5: xmd5,
  XSHA1: xsha1,
  XSHA256: xsha256,
  XSHA512: xsha512,
};

/** Runs the handler of a command. */
export async function runCommand(context: CommandContext, command: Command): Promise<Outcome> {
  const handler = handlers[command.verb] as CommandHandler<Verb>;
  return handler(context, command.argument);
}
