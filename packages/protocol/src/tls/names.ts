import { isGrease } from "./client-hello.ts";

/**
 * Names of TLS code points as IANA registers them ("Transport Layer Security (TLS) Parameters" and "TLS Extensions").
 * A code point without a name is shown in hexadecimal; the reserved GREASE values (RFC 8701) are shown as such.
 */
export function versionName(version: number): string {
  return versionNames.get(version) ?? codePoint(version);
}

export function contentTypeName(type: number): string {
  return contentTypeNames.get(type) ?? `content type ${type}`;
}

export function handshakeTypeName(type: number): string {
  return handshakeTypeNames.get(type) ?? `handshake type ${type}`;
}

export function alertName(description: number): string {
  return alertNames.get(description) ?? `alert ${description}`;
}

export function alertLevelName(level: number): string {
  return level === 1 ? "warning" : level === 2 ? "fatal" : `level ${level}`;
}

export function extensionName(type: number): string {
  return extensionNames.get(type) ?? codePoint(type);
}

export function groupName(group: number): string {
  return groupNames.get(group) ?? codePoint(group);
}

export function signatureAlgorithmName(algorithm: number): string {
  return signatureAlgorithmNames.get(algorithm) ?? codePoint(algorithm);
}

/** Code points that the dissector itself decides by. */
export const contentTypes = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

export const handshakeTypes = {
  clientHello: 1,
  serverHello: 2,
  newSessionTicket: 4,
  encryptedExtensions: 8,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
  certificateStatus: 22,
} as const;

export const tlsVersions = { tls12: 0x0303, tls13: 0x0304 } as const;

function codePoint(value: number): string {
  const hex = `0x${value.toString(16).toUpperCase().padStart(4, "0")}`;
  return isGrease(value) ? `GREASE ${hex}` : hex;
}

const versionNames = new Map([
  [0x0300, "SSL 3.0"],
  [0x0301, "TLS 1.0"],
  [0x0302, "TLS 1.1"],
  [0x0303, "TLS 1.2"],
  [0x0304, "TLS 1.3"],
]);

/** RFC 8446 §5.1; heartbeat by RFC 6520, tls12_cid by RFC 9146. */
const contentTypeNames = new Map([
  [20, "change_cipher_spec"],
  [21, "alert"],
  [22, "handshake"],
  [23, "application_data"],
  [24, "heartbeat"],
  [25, "tls12_cid"],
]);

/** RFC 8446 §4 and RFC 5246 §7.4, in the spelling that both use in their text. */
const handshakeTypeNames = new Map([
  [0, "HelloRequest"],
  [1, "ClientHello"],
  [2, "ServerHello"],
  [4, "NewSessionTicket"],
  [5, "EndOfEarlyData"],
  [8, "EncryptedExtensions"],
  [11, "Certificate"],
  [12, "ServerKeyExchange"],
  [13, "CertificateRequest"],
  [14, "ServerHelloDone"],
  [15, "CertificateVerify"],
  [16, "ClientKeyExchange"],
  [20, "Finished"],
  [21, "CertificateURL"],
  [22, "CertificateStatus"],
  [24, "KeyUpdate"],
  [25, "CompressedCertificate"],
  [254, "MessageHash"],
]);

/** RFC 8446 §6 and B.2, with the ones of older versions that a peer may still send. */
const alertNames = new Map([
  [0, "close_notify"],
  [10, "unexpected_message"],
  [20, "bad_record_mac"],
  [21, "decryption_failed"],
  [22, "record_overflow"],
  [30, "decompression_failure"],
  [40, "handshake_failure"],
  [41, "no_certificate"],
  [42, "bad_certificate"],
  [43, "unsupported_certificate"],
  [44, "certificate_revoked"],
  [45, "certificate_expired"],
  [46, "certificate_unknown"],
  [47, "illegal_parameter"],
  [48, "unknown_ca"],
  [49, "access_denied"],
  [50, "decode_error"],
  [51, "decrypt_error"],
  [52, "too_many_cids_requested"],
  [60, "export_restriction"],
  [70, "protocol_version"],
  [71, "insufficient_security"],
  [80, "internal_error"],
  [86, "inappropriate_fallback"],
  [90, "user_canceled"],
  [100, "no_renegotiation"],
  [109, "missing_extension"],
  [110, "unsupported_extension"],
  [111, "certificate_unobtainable"],
  [112, "unrecognized_name"],
  [113, "bad_certificate_status_response"],
  [114, "bad_certificate_hash_value"],
  [115, "unknown_psk_identity"],
  [116, "certificate_required"],
  [120, "no_application_protocol"],
  [121, "ech_required"],
]);

const extensionNames = new Map([
  [0, "server_name"],
  [1, "max_fragment_length"],
  [2, "client_certificate_url"],
  [3, "trusted_ca_keys"],
  [4, "truncated_hmac"],
  [5, "status_request"],
  [9, "cert_type"],
  [10, "supported_groups"],
  [11, "ec_point_formats"],
  [12, "srp"],
  [13, "signature_algorithms"],
  [14, "use_srtp"],
  [15, "heartbeat"],
  [16, "application_layer_protocol_negotiation"],
  [17, "status_request_v2"],
  [18, "signed_certificate_timestamp"],
  [19, "client_certificate_type"],
  [20, "server_certificate_type"],
  [21, "padding"],
  [22, "encrypt_then_mac"],
  [23, "extended_main_secret"],
  [24, "token_binding"],
  [27, "compress_certificate"],
  [28, "record_size_limit"],
  [34, "delegated_credential"],
  [35, "session_ticket"],
  [41, "pre_shared_key"],
  [42, "early_data"],
  [43, "supported_versions"],
  [44, "cookie"],
  [45, "psk_key_exchange_modes"],
  [47, "certificate_authorities"],
  [48, "oid_filters"],
  [49, "post_handshake_auth"],
  [50, "signature_algorithms_cert"],
  [51, "key_share"],
  [54, "connection_id"],
  [57, "quic_transport_parameters"],
  [58, "ticket_request"],
  [13_172, "next_protocol_negotiation"],
  [17_513, "application_settings"],
  [64_768, "ech_outer_extensions"],
  [65_037, "encrypted_client_hello"],
  [65_281, "renegotiation_info"],
]);

/**
 * RFC 8446 §4.2.7, RFC 8422, RFC 7919 (ffdhe), RFC 7027 and RFC 8734 (Brainpool); the ML-KEM groups as measured in
 * the default ClientHello of OpenSSL 3.5: 0x11EC and 0x11EB first.
 */
const groupNames = new Map([
  [0x0013, "secp192r1"],
  [0x0014, "secp224k1"],
  [0x0015, "P-224"],
  [0x0016, "secp256k1"],
  [0x0017, "P-256"],
  [0x0018, "P-384"],
  [0x0019, "P-521"],
  [0x001a, "brainpoolP256r1"],
  [0x001b, "brainpoolP384r1"],
  [0x001c, "brainpoolP512r1"],
  [0x001d, "X25519"],
  [0x001e, "X448"],
  [0x001f, "brainpoolP256r1tls13"],
  [0x0020, "brainpoolP384r1tls13"],
  [0x0021, "brainpoolP512r1tls13"],
  [0x0029, "curveSM2"],
  [0x0100, "ffdhe2048"],
  [0x0101, "ffdhe3072"],
  [0x0102, "ffdhe4096"],
  [0x0103, "ffdhe6144"],
  [0x0104, "ffdhe8192"],
  [0x0200, "MLKEM512"],
  [0x0201, "MLKEM768"],
  [0x0202, "MLKEM1024"],
  [0x11eb, "SecP256r1MLKEM768"],
  [0x11ec, "X25519MLKEM768"],
  [0x11ed, "SecP384r1MLKEM1024"],
  [0x6399, "X25519Kyber768Draft00"],
]);

/** RFC 8446 §4.2.3; pairs of hash and signature of TLS 1.2 (RFC 5246 §7.4.1.4.1); ML-DSA as OpenSSL 3.5 offers it. */
const signatureAlgorithmNames = new Map([
  [0x0101, "rsa_pkcs1_md5"],
  [0x0201, "rsa_pkcs1_sha1"],
  [0x0202, "dsa_sha1"],
  [0x0203, "ecdsa_sha1"],
  [0x0301, "rsa_pkcs1_sha224"],
  [0x0302, "dsa_sha224"],
  [0x0303, "ecdsa_sha224"],
  [0x0401, "rsa_pkcs1_sha256"],
  [0x0402, "dsa_sha256"],
  [0x0403, "ecdsa_secp256r1_sha256"],
  [0x0501, "rsa_pkcs1_sha384"],
  [0x0502, "dsa_sha384"],
  [0x0503, "ecdsa_secp384r1_sha384"],
  [0x0601, "rsa_pkcs1_sha512"],
  [0x0602, "dsa_sha512"],
  [0x0603, "ecdsa_secp521r1_sha512"],
  [0x0804, "rsa_pss_rsae_sha256"],
  [0x0805, "rsa_pss_rsae_sha384"],
  [0x0806, "rsa_pss_rsae_sha512"],
  [0x0807, "ed25519"],
  [0x0808, "ed448"],
  [0x0809, "rsa_pss_pss_sha256"],
  [0x080a, "rsa_pss_pss_sha384"],
  [0x080b, "rsa_pss_pss_sha512"],
  [0x081a, "ecdsa_brainpoolP256r1tls13_sha256"],
  [0x081b, "ecdsa_brainpoolP384r1tls13_sha384"],
  [0x081c, "ecdsa_brainpoolP512r1tls13_sha512"],
  [0x0904, "mldsa44"],
  [0x0905, "mldsa65"],
  [0x0906, "mldsa87"],
]);
