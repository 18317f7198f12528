import { chainOrder, trust } from "./c1-chain.ts";
import { certificateName } from "./c2-name.ts";
import { validity } from "./c3-validity.ts";
import { certificateKey } from "./c4-key.ts";
import { certificateUsage } from "./c5-usage.ts";
import { revocation } from "./c6-status.ts";
import { transparency } from "./c7-transparency.ts";
import { sameCertificate, sameElsewhere } from "./c8-same.ts";
import { bothKeys } from "./c9-both-keys.ts";
import type { Check } from "./check.ts";
import { extendedPassive, passiveAddress, passivePorts, stolenData } from "./d1-passive-address.ts";
import { dataEnd, dataTls } from "./d3-data-tls.ts";
import { resumption, resumptionBinding, resumptionKinds } from "./d4-resumption.ts";
import { abort, unclaimedData } from "./d7-ends.ts";
import { bounce } from "./d8-bounce.ts";
import { everyGroup, everySuite } from "./deep-suites.ts";
import { cutUpload, emptyFile } from "./d6-uploads.ts";
import { accountNames, guesses } from "./f4-strangers.ts";
import { oddInput, upwards } from "./f5-odd-input.ts";
import { replyInjection } from "./p6-reply-injection.ts";
import { services } from "./x3-services.ts";
import { features, featuresAtWork } from "./f1-features.ts";
import { knownFlaws, leaks } from "./f2-leaks.ts";
import { lateAuth, tolerance } from "./m4-tolerance.ts";
import { anonymous } from "./f3-anonymous.ts";
import { implicitDefault } from "./m5-implicit-default.ts";
import { clearData } from "./p3-clear-data.ts";
import { explicitGreeting, implicitSilence } from "./m1-greeting.ts";
import { authMechanisms, olderMechanisms } from "./m2-mechanisms.ts";
import { bothModes } from "./m3-modes.ts";
import { clearLogin } from "./p1-clear-login.ts";
import { protection } from "./p2-protection.ts";
import { clearAfterAuth } from "./p4-clear-after-auth.ts";
import { injection } from "./p5-injection.ts";
import { reinitialize } from "./p7-reinitialize.ts";
import { unknownValues } from "./t11-tolerance.ts";
import { clientCertificate, crossMode } from "./t12-cross-mode.ts";
import { serverName } from "./t10-server-name.ts";
import { otherPort, versions } from "./t1-versions.ts";
import { preference, suites } from "./t2-suites.ts";
import { groups, largeHello } from "./t3-groups.ts";
import { ephemeralKeys, forwardSecrecy } from "./t4-forward-secrecy.ts";
import { everySignature, signatures } from "./t5-signatures.ts";
import { encryptThenMac, extensions, tickets } from "./t6-extensions.ts";
import { compression, earlyChange, heartbeat } from "./t7-leftovers.ts";
import { fallback } from "./t8-fallback.ts";
import { applicationProtocol, webRequest, wrongCommands } from "./t9-alpn.ts";
import { addresses, pinnedInNames } from "./x1-names.ts";

/** Every check, in the order of a report. */
export const checks: readonly Check[] = [
  explicitGreeting,
  implicitSilence,
  authMechanisms,
  olderMechanisms,
  bothModes,
  tolerance,
  lateAuth,
  implicitDefault,
  clearLogin,
  protection,
  clearData,
  clearAfterAuth,
  injection,
  replyInjection,
  reinitialize,
  passiveAddress,
  extendedPassive,
  passivePorts,
  stolenData,
  dataTls,
  resumption,
  resumptionKinds,
  resumptionBinding,
  dataEnd,
  cutUpload,
  abort,
  unclaimedData,
  emptyFile,
  bounce,
  features,
  featuresAtWork,
  leaks,
  knownFlaws,
  anonymous,
  accountNames,
  guesses,
  oddInput,
  upwards,
  versions,
  otherPort,
  suites,
  preference,
  everySuite,
  groups,
  largeHello,
  everyGroup,
  forwardSecrecy,
  ephemeralKeys,
  signatures,
  everySignature,
  extensions,
  encryptThenMac,
  tickets,
  compression,
  heartbeat,
  earlyChange,
  fallback,
  applicationProtocol,
  webRequest,
  wrongCommands,
  serverName,
  unknownValues,
  crossMode,
  clientCertificate,
  trust,
  chainOrder,
  certificateName,
  validity,
  certificateKey,
  certificateUsage,
  revocation,
  transparency,
  sameCertificate,
  sameElsewhere,
  bothKeys,
  pinnedInNames,
  addresses,
  services,
];
