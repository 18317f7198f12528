/**
 * Suites by what is wrong or right with them, as hellos of one kind offer them. Code points are those of IANA ("TLS
 * Cipher Suites"); the order within a class is from strong to weak.
 */
export const suiteClasses = {
  /** TLS 1.3 (RFC 8446 B.4). */
  tls13: [0x1302, 0x1301, 0x1303, 0x1304, 0x1305],
  /** ECDHE with AEAD: those of RFC 9325 §4.2, ChaCha20, CCM and ARIA. */
  forwardAead: [
    0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc02b, 0xc02f, 0xc0ad, 0xc0ac, 0xc05d, 0xc061, 0xc05c, 0xc060, 0xc0af, 0xc0ae,
  ],
  /** Finite-field Diffie-Hellman, whose size has to be looked at. */
  finiteField: [
    0x009f, 0xccaa, 0x009e, 0xc09f, 0xc09e, 0xc053, 0xc052, 0xc0a3, 0xc0a2, 0x006b, 0x0067, 0x00c4, 0x00be, 0x0039,
    0x0033, 0x0088, 0x0045, 0x009a, 0x00a3, 0x00a2, 0xc057, 0xc056, 0x006a, 0x0040, 0x00c3, 0x00bd, 0x0038, 0x0032,
    0x0087, 0x0044, 0x0099,
  ],
  /** ECDHE with CBC, as Lucky13 knows it. */
  forwardCbc: [0xc024, 0xc028, 0xc023, 0xc027, 0xc00a, 0xc014, 0xc009, 0xc013, 0xc073, 0xc077, 0xc072, 0xc076],
  /** RSA key transport: whoever gets the key later reads everything (RFC 9325 §4.1). */
  staticRsa: [
    0x009d, 0x009c, 0xc09d, 0xc09c, 0xc051, 0xc050, 0xc0a1, 0xc0a0, 0x003d, 0x003c, 0x00c0, 0x00ba, 0x0035, 0x002f,
    0x0084, 0x0041, 0x0096,
  ],
  /** 64-bit blocks (SWEET32). */
  shortBlock: [0xc012, 0xc008, 0x0016, 0x0013, 0x000a, 0x0007],
  rc4: [0xc011, 0xc007, 0x0005, 0x0004],
  /** No encryption, no authentication, single DES and EXPORT. */
  broken: [
    0xc010, 0xc006, 0x003b, 0x0002, 0x0001, 0xc019, 0xc018, 0xc017, 0xc016, 0xc015, 0x00a7, 0x00a6, 0x006d, 0x006c,
    0x00c5, 0x00bf, 0x003a, 0x0034, 0x0089, 0x0046, 0x001b, 0x0018, 0x001a, 0x0015, 0x0012, 0x0009, 0x0014, 0x0011,
    0x0008, 0x0006, 0x0003, 0x0017,
  ],
} as const satisfies Readonly<Record<string, readonly number[]>>;

/** What stands in a hello of TLS 1.2 or before that wants an answer at any price. */
export const everySuite: readonly number[] = [
  ...suiteClasses.forwardAead,
  ...suiteClasses.finiteField,
  ...suiteClasses.forwardCbc,
  ...suiteClasses.staticRsa,
  ...suiteClasses.shortBlock,
  ...suiteClasses.rc4,
];

/** ChaCha20 before AES, as devices without hardware for AES like it. */
export const chachaSuites = [0xcca9, 0xcca8, 0xccaa] as const;

/** TLS_FALLBACK_SCSV: says that this hello is a second try with a lower version (RFC 7507). */
export const fallbackSignal = 0x5600;

/** Groups in classes, as hellos of one kind offer them (IANA, TLS Supported Groups). */
export const groupClasses = {
  /** Elliptic curve joined with ML-KEM: X25519MLKEM768, SecP256r1MLKEM768, SecP384r1MLKEM1024. */
  postQuantum: [0x11ec, 0x11eb, 0x11ed],
  /** X25519, P-256, X448, P-384, P-521, then the finite fields of RFC 7919. */
  classical: [0x001d, 0x0017, 0x001e, 0x0018, 0x0019, 0x0100, 0x0101, 0x0102],
  /** Below 224 bits, which RFC 8422 §5.1.1 takes off the list. */
  weak: [0x0013, 0x0012, 0x0014, 0x0010, 0x000f, 0x0011, 0x0001, 0x0003],
} as const;

/** Every signature scheme of a present-day client, from strong to weak (RFC 8446 §4.2.3). */
export const signatureAlgorithms = [
  0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601,
  0x0203, 0x0201,
] as const;

/** rsa_pkcs1_sha1 and ecdsa_sha1, which RFC 9155 takes away. */
export const sha1Signatures = [0x0203, 0x0201] as const;
