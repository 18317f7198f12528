import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import * as tls from "node:tls";
import {
  alertLevelName,
  alertName,
  contentTypeName,
  extensionName,
  groupName,
  handshakeTypeName,
  parseAlert,
  parseClientHello,
  parseServerHello,
  signatureAlgorithmName,
  suiteKeyExchange,
  suiteName,
  versionName,
} from "@sallyport/protocol";
import { Duplex } from "node:stream";

test("everything in this runtime's own ClientHello has a name", () => {
  const hello = parseClientHello(ownClientHello());
  assert.ok(typeof hello !== "string");
  const unnamed = [
    ...hello.cipherSuites.map(suiteName),
    ...hello.supportedGroups.map(groupName),
    ...hello.signatureAlgorithms.map(signatureAlgorithmName),
    ...hello.supportedVersions.map(versionName),
    ...hello.extensions.map(({ type }) => extensionName(type)),
  ].filter((name) => name.startsWith("0x"));
  assert.deepEqual(unnamed, []);
});

test("every suite that OpenSSL can build has the name that OpenSSL gives it", () => {
  const list = execFileSync("openssl", ["ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"], {
    encoding: "utf8",
  });
  const suites = [...list.matchAll(/0x(..),0x(..) - (\S+)/g)].filter(([, , , name]) => !/PSK|SRP/.test(name ?? ""));
  assert.ok(suites.length > 50);
  for (const [, high, low, name] of suites) assert.equal(suiteName(Number.parseInt(`${high}${low}`, 16)), name);
});

test("RFC 5246 A.5 and RFC 8422 §6 suites that OpenSSL no longer builds and old servers still choose", () => {
  for (const [suite, name] of [
    [0x0000, "TLS_NULL_WITH_NULL_NULL"],
    [0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5"],
    [0x0004, "TLS_RSA_WITH_RC4_128_MD5"],
    [0x0005, "TLS_RSA_WITH_RC4_128_SHA"],
    [0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5"],
    [0x0007, "TLS_RSA_WITH_IDEA_CBC_SHA"],
    [0x0008, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA"],
    [0x0009, "TLS_RSA_WITH_DES_CBC_SHA"],
    [0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"],
    [0x0013, "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA"],
    [0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA"],
    [0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA"],
    [0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"],
    [0x0018, "TLS_DH_anon_WITH_RC4_128_MD5"],
    [0x001b, "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA"],
    [0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"],
    [0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"],
    [0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"],
    [0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"],
  ] as const) {
    assert.equal(suiteName(suite), name);
  }
});

/** Numbers and names, each list as its RFC and IANA have it. */
const registered: readonly (readonly [source: string, name: (code: number) => string, list: string])[] = [
  ["RFC 8446 §4.2.1", versionName, "0x0300 SSL 3.0, 0x0301 TLS 1.0, 0x0302 TLS 1.1, 0x0303 TLS 1.2, 0x0304 TLS 1.3"],
  [
    "RFC 8446 §5.1",
    contentTypeName,
    "20 change_cipher_spec, 21 alert, 22 handshake, 23 application_data, 24 heartbeat, 25 tls12_cid",
  ],
  [
    "RFC 8446 §4 and RFC 5246 §7.4",
    handshakeTypeName,
    `0 HelloRequest, 1 ClientHello, 2 ServerHello, 4 NewSessionTicket, 5 EndOfEarlyData, 8 EncryptedExtensions,
    11 Certificate, 12 ServerKeyExchange, 13 CertificateRequest, 14 ServerHelloDone, 15 CertificateVerify,
    16 ClientKeyExchange, 20 Finished, 21 CertificateURL, 22 CertificateStatus, 24 KeyUpdate, 25 CompressedCertificate, 254 MessageHash`,
  ],
  [
    "RFC 8446 §6, RFC 5246 §7.2 and the registry of alerts",
    alertName,
    `0 close_notify, 10 unexpected_message, 20 bad_record_mac, 21 decryption_failed, 22 record_overflow,
    30 decompression_failure, 40 handshake_failure, 41 no_certificate, 42 bad_certificate, 43 unsupported_certificate,
    44 certificate_revoked, 45 certificate_expired, 46 certificate_unknown, 47 illegal_parameter, 48 unknown_ca,
    49 access_denied, 50 decode_error, 51 decrypt_error, 60 export_restriction, 70 protocol_version,
    71 insufficient_security, 80 internal_error, 86 inappropriate_fallback, 90 user_canceled, 100 no_renegotiation,
    109 missing_extension, 110 unsupported_extension, 112 unrecognized_name, 113 bad_certificate_status_response,
    115 unknown_psk_identity, 116 certificate_required, 120 no_application_protocol, 52 too_many_cids_requested,
    111 certificate_unobtainable, 114 bad_certificate_hash_value, 121 ech_required`,
  ],
  [
    "RFC 8446 §4.2, RFC 6066, RFC 7366, RFC 7627, RFC 8449, RFC 5746 and the registry of extensions",
    extensionName,
    `0 server_name, 1 max_fragment_length, 5 status_request, 10 supported_groups, 11 ec_point_formats,
    13 signature_algorithms, 14 use_srtp, 15 heartbeat, 16 application_layer_protocol_negotiation,
    18 signed_certificate_timestamp, 19 client_certificate_type, 20 server_certificate_type, 21 padding,
    22 encrypt_then_mac, 23 extended_main_secret, 27 compress_certificate, 28 record_size_limit, 35 session_ticket,
    41 pre_shared_key, 42 early_data, 43 supported_versions, 44 cookie, 45 psk_key_exchange_modes,
    47 certificate_authorities, 48 oid_filters, 49 post_handshake_auth, 50 signature_algorithms_cert, 51 key_share,
    65281 renegotiation_info, 2 client_certificate_url, 3 trusted_ca_keys, 4 truncated_hmac, 9 cert_type, 12 srp,
    17 status_request_v2, 24 token_binding, 34 delegated_credential, 54 connection_id, 57 quic_transport_parameters,
    58 ticket_request, 13172 next_protocol_negotiation, 17513 application_settings, 64768 ech_outer_extensions,
    65037 encrypted_client_hello`,
  ],
  [
    "RFC 8446 §4.2.7, RFC 8422, RFC 7027 and the registry of supported groups",
    groupName,
    `0x17 P-256, 0x18 P-384, 0x19 P-521, 0x1a brainpoolP256r1, 0x1b brainpoolP384r1, 0x1c brainpoolP512r1, 0x1d X25519,
    0x1e X448, 0x100 ffdhe2048, 0x101 ffdhe3072, 0x102 ffdhe4096, 0x103 ffdhe6144, 0x104 ffdhe8192,
    0x13 secp192r1, 0x14 secp224k1, 0x15 P-224, 0x16 secp256k1, 0x1f brainpoolP256r1tls13, 0x20 brainpoolP384r1tls13,
    0x21 brainpoolP512r1tls13, 0x29 curveSM2, 0x200 MLKEM512, 0x201 MLKEM768, 0x202 MLKEM1024,
    0x11eb SecP256r1MLKEM768, 0x11ec X25519MLKEM768, 0x11ed SecP384r1MLKEM1024, 0x6399 X25519Kyber768Draft00`,
  ],
  [
    "RFC 8446 §4.2.3, RFC 5246 §7.4.1.4.1 and the registry of signature schemes",
    signatureAlgorithmName,
    `0x201 rsa_pkcs1_sha1, 0x203 ecdsa_sha1, 0x401 rsa_pkcs1_sha256, 0x501 rsa_pkcs1_sha384, 0x601 rsa_pkcs1_sha512,
    0x403 ecdsa_secp256r1_sha256, 0x503 ecdsa_secp384r1_sha384, 0x603 ecdsa_secp521r1_sha512, 0x804 rsa_pss_rsae_sha256,
    0x805 rsa_pss_rsae_sha384, 0x806 rsa_pss_rsae_sha512, 0x807 ed25519, 0x808 ed448, 0x809 rsa_pss_pss_sha256,
    0x80a rsa_pss_pss_sha384, 0x80b rsa_pss_pss_sha512, 0x101 rsa_pkcs1_md5, 0x202 dsa_sha1, 0x301 rsa_pkcs1_sha224,
    0x302 dsa_sha224, 0x303 ecdsa_sha224, 0x402 dsa_sha256, 0x502 dsa_sha384, 0x602 dsa_sha512,
    0x81a ecdsa_brainpoolP256r1tls13_sha256, 0x81b ecdsa_brainpoolP384r1tls13_sha384,
    0x81c ecdsa_brainpoolP512r1tls13_sha512, 0x904 mldsa44, 0x905 mldsa65, 0x906 mldsa87`,
  ],
];

for (const [source, name, list] of registered) {
  test(`code points have the names of ${source}`, () => {
    for (const entry of list.split(/,\s*/)) {
      const space = entry.indexOf(" ");
      assert.equal(name(Number(entry.slice(0, space))), entry.slice(space + 1));
    }
  });
}

test("code points without a name are shown as hexadecimal, GREASE as such", () => {
  assert.equal(groupName(0x7777), "0x7777");
  assert.equal(groupName(0x2a2a), "GREASE 0x2A2A");
  assert.equal(suiteName(0x00fe), "0x00FE");
  assert.equal(alertName(99), "alert 99");
  assert.equal(contentTypeName(99), "content type 99");
  assert.deepEqual([1, 2, 3].map(alertLevelName), ["warning", "fatal", "level 3"]);
  assert.equal(handshakeTypeName(77), "handshake type 77");
});

test("a suite says how TLS 1.2 agrees on its secret", () => {
  assert.equal(suiteKeyExchange(0xc02f), "ECDHE");
  assert.equal(suiteKeyExchange(0x009e), "DHE");
  assert.equal(suiteKeyExchange(0x009c), "RSA");
  assert.equal(suiteKeyExchange(0x1301), undefined);
  assert.equal(suiteKeyExchange(0x0034), "DHE", "anonymous");
  assert.equal(suiteKeyExchange(0xc018), "ECDHE", "anonymous");
  assert.equal(suiteKeyExchange(0x00fe), undefined, "not known");
});

test("an alert is two octets with a known level", () => {
  assert.deepEqual(parseAlert(Uint8Array.of(2, 40)), { level: 2, description: 40 });
  assert.equal(parseAlert(Uint8Array.of(2)), undefined);
  assert.equal(parseAlert(Uint8Array.of(7, 40)), undefined);
  assert.equal(parseAlert(new Uint8Array(18)), undefined);
});

test("a ServerHello cut short at any octet is malformed", () => {
  const hello = Uint8Array.from([
    ...[2, 0, 0, 46, 3, 3],
    ...Array.from({ length: 32 }, () => 7),
    ...[0, 0x13, 0x02, 0, 0, 6, 0, 43, 0, 2, 3, 4],
  ]);
  const read = parseServerHello(hello);
  assert.ok(typeof read !== "string");
  assert.equal(read.version, 0x0304);
  assert.equal(read.helloRetryRequest, false);
  for (let length = 1; length < hello.length; length++) {
    assert.equal(parseServerHello(hello.subarray(0, length)), "malformed", `${length} octets`);
    const announced = Uint8Array.from(hello.subarray(0, length));
    if (length >= 4) announced[3] = length - 4;
    // Without extensions a hello of TLS 1.2 is whole: 4 + 2 + 32 + 1 + 2 + 1 octets.
    if (length !== 42) assert.equal(parseServerHello(announced), "malformed", `${length} octets, announced`);
  }
  assert.equal(parseServerHello(Uint8Array.of(1, 0, 0, 0)), "not-server-hello");
});

function ownClientHello(): Uint8Array {
  const sent: Buffer[] = [];
  const wire = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      sent.push(chunk);
      done();
    },
  });
  tls.connect({ socket: wire, ALPNProtocols: ["ftp"], servername: "ftp.example.test" }).on("error", () => {});
  wire.destroy();
  return Buffer.concat(sent);
}
