import type { ListingFamily } from "./family.ts";
import { dls } from "./families/dls.ts";
import { dos } from "./families/dos.ts";
import { eplf } from "./families/eplf.ts";
import { ibmI } from "./families/ibm-i.ts";
import { mlsx } from "./families/mlsx.ts";
import { netware } from "./families/netware.ts";
import { nonstop } from "./families/nonstop.ts";
import { os2 } from "./families/os2.ts";
import { os9 } from "./families/os9.ts";
import { unix } from "./families/unix.ts";
import { unixNumeric } from "./families/unix-numeric.ts";
import { vms } from "./families/vms.ts";
import { vshell } from "./families/vshell.ts";
import { vxworks } from "./families/vxworks.ts";
import { wellfleet } from "./families/wellfleet.ts";
import { zos } from "./families/zos.ts";
import { zvm } from "./families/zvm.ts";

/** All formats of LIST and MLSD, in the order in which an unknown line is tried: the surer its marks, the earlier. */
export const listingFamilies: readonly ListingFamily[] = [
  unix,
  mlsx,
  eplf,
  dos,
  netware,
  vms,
  ibmI,
  nonstop,
  vxworks,
  vshell,
  os2,
  os9,
  zvm,
  unixNumeric,
  wellfleet,
  zos,
  dls,
];
