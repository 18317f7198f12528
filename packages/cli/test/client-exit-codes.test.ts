import { SecurityMechanismError, type SecurityMechanismFault } from "@sallyport/transport";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  errorOfFailure,
  octetsFromText,
  SallyportError,
  TlsError,
  TransportError,
  userPiFailures,
} from "@sallyport/protocol";
import { ClientFailure, clientFailure } from "../src/client/client-failure.ts";
import { exitCodes, type ExitCode } from "../src/exit-codes.ts";

function refusal(code: number, text: string, command: string): unknown {
  const reply = { code, lines: [octetsFromText(text)] };
  const failure = { code: "SALLYPORT_COMMAND_REFUSED", message: "refused", retry: "never", transcript: [] } as const;
  return errorOfFailure({ ...failure, reply, command: octetsFromText(command) });
}

function failureOf(error: unknown): ClientFailure {
  const failure = clientFailure(error);
  assert.ok(failure instanceof ClientFailure, String(error));
  return failure;
}

describe("refusals, as servers word them", () => {
  const cases: readonly (readonly [code: number, text: string, command: string, exitCode: ExitCode])[] = [
    [550, "Failed to open file.", "RETR a", exitCodes.notFound],
    [550, "a: No such file or directory", "RETR a", exitCodes.notFound],
    [550, "Can't open a: No such file or directory", "RETR a", exitCodes.notFound],
    [550, "The system cannot find the file specified. ", "RETR a", exitCodes.notFound],
    [550, "Access is denied. ", "RETR a", exitCodes.noPermission],
    [550, "a: Permission denied", "STOR a", exitCodes.noPermission],
    [550, "Permission denied.", "DELE a", exitCodes.noPermission],
    [553, "Could not create file.", "STOR a", exitCodes.cannotCreate],
    [550, "Create directory operation failed.", "MKD a", exitCodes.cannotCreate],
    [550, "a: Directory not empty", "RMD a", exitCodes.cannotCreate],
    [552, "Quota exceeded", "STOR a", exitCodes.cannotCreate],
    [452, "No space left", "STOR a", exitCodes.cannotCreate],
    [530, "Please login with USER and PASS.", "RETR a", exitCodes.noUser],
    [421, "Too many connections", "RETR a", exitCodes.unavailable],
    [502, "Command not implemented.", "SITE CHMOD 600 a", exitCodes.failure],
    [451, "Local error", "RETR a", exitCodes.failure],
  ];
  for (const [code, text, command, exitCode] of cases) {
    test(`${exitCode} for ${command}: ${code} ${text}`, () => {
      const failure = failureOf(refusal(code, text, command));
      assert.equal(failure.exitCode, exitCode);
      assert.equal(failure.message, `The server refuses ${command}: ${code} ${text.trim()}`);
    });
  }

  test("a reply of any length is one line, and steers nothing", () => {
    const { message } = failureOf(refusal(550, "\u001B[2J".repeat(5000), "RETR a\u001B[31m"));
    assert.match(message, /^[ -~…]{1,700}$/);
  });
});

describe("failures of each kind", () => {
  test("every failure of a dialogue has an exit code of its kind", () => {
    const kinds: Readonly<Record<string, readonly ExitCode[]>> = {
      CommandRefused: [exitCodes.failure, exitCodes.noUser, exitCodes.unavailable, exitCodes.protocol],
      UsageError: [exitCodes.usage, exitCodes.noUser, exitCodes.unavailable, exitCodes.software],
      PeerViolation: [exitCodes.protocol],
      PeerIncompatible: [exitCodes.protocol],
      TlsError: [exitCodes.protocol, exitCodes.partial],
      TransportError: [exitCodes.unavailable],
      // A security mechanism that does not say more.
      SallyportError: [exitCodes.unavailable],
    };
    for (const [code, Family] of Object.entries(userPiFailures)) {
      const { exitCode } = failureOf(new Family(code, "said"));
      assert.ok(kinds[Family.name]?.includes(exitCode), `${code}: ${exitCode}`);
    }
  });

  test("Kerberos, by what it says", () => {
    const kinds: Readonly<Record<SecurityMechanismFault, ExitCode>> = {
      unavailable: exitCodes.unavailable,
      "no-credentials": exitCodes.noUser,
      "credentials-expired": exitCodes.noUser,
      "unknown-principal": exitCodes.untrusted,
      "clock-skew": exitCodes.configuration,
      "wrong-key": exitCodes.untrusted,
      "token-rejected": exitCodes.untrusted,
      "message-rejected": exitCodes.protocol,
      "context-expired": exitCodes.unavailable,
      failed: exitCodes.unavailable,
    };
    for (const [fault, exitCode] of Object.entries(kinds)) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are those of the type
      const error = new SecurityMechanismError(fault as SecurityMechanismFault, "said");
      assert.equal(failureOf(error).exitCode, exitCode, fault);
    }
  });

  test("files here, by their errno", () => {
    const cases = { ENOSPC: exitCodes.cannotCreate, EACCES: exitCodes.noPermission, ENOENT: exitCodes.notFound };
    for (const [code, exitCode] of Object.entries(cases)) {
      const error = Object.assign(new Error("x"), { code, syscall: "write" });
      assert.equal(failureOf(error).exitCode, exitCode);
      const wrapped = new SallyportError("SALLYPORT_DATA_FAILED", "The data connection failed", { cause: error });
      assert.equal(failureOf(wrapped).exitCode, exitCode, "also where the library wraps it");
    }
  });

  test("a network's errno is no file's", () => {
    const cause = Object.assign(new Error("x"), { code: "EACCES", syscall: "connect" });
    const error = new TransportError("SALLYPORT_CONNECT_FAILED", "cannot be reached", { cause });
    assert.equal(failureOf(error).exitCode, exitCodes.unavailable);
  });

  test("what is no failure of ours stays what it is", () => {
    const bug = new TypeError("x is undefined");
    assert.equal(clientFailure(bug), bug);
  });

  test("TLS: a downgrade is a matter of trust, a handshake is not", () => {
    assert.equal(failureOf(new TlsError("SALLYPORT_TLS_DOWNGRADE", "x")).exitCode, exitCodes.untrusted);
    assert.equal(failureOf(new TlsError("SALLYPORT_HANDSHAKE_FAILED", "x")).exitCode, exitCodes.protocol);
    assert.equal(failureOf(new TlsError("SALLYPORT_DATA_TRUNCATED", "x")).exitCode, exitCodes.partial);
  });
});
