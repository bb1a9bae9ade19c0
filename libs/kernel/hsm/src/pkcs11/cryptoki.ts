/** The numbers of PKCS#11 2.40 and 3.0 that we use; pkcs11js knows those of 2.40 only. Source: OASIS pkcs11t.h. */

export const CKU = { so: 0, user: 1 } as const

export const CKO = { data: 0, publicKey: 2, privateKey: 3, secretKey: 4 } as const

export const CKK = { rsa: 0x00, ec: 0x03, genericSecret: 0x10, aes: 0x1f, ecEdwards: 0x40 } as const

export const CKF = {
  hardwareSlot: 0x4,
  rwSession: 0x2,
  serialSession: 0x4,
  osLocking: 0x2,
  tokenInitialized: 0x400,
  pinCountLow: 0x1_0000,
  pinFinalTry: 0x2_0000,
  pinLocked: 0x4_0000,
} as const

export const CKM = {
  rsaPkcsKeyPairGen: 0x0,
  rsaPkcsOaep: 0x9,
  sha1: 0x220,
  sha256: 0x250,
  sha256Hmac: 0x251,
  sha512Hmac: 0x271,
  genericSecretKeyGen: 0x350,
  ecKeyPairGen: 0x1040,
  ecdsa: 0x1041,
  ecEdwardsKeyPairGen: 0x1055,
  eddsa: 0x1057,
  aesKeyGen: 0x1080,
  aesEcb: 0x1081,
  aesCbc: 0x1082,
  aesCbcPad: 0x1085,
  aesGcm: 0x1087,
  aesKeyWrap: 0x2109,
  aesKeyWrapPad: 0x210a,
  aesKeyWrapKwp: 0x210b,
} as const

export const CKA = {
  class: 0x0,
  token: 0x1,
  private: 0x2,
  label: 0x3,
  application: 0x10,
  value: 0x11,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  encrypt: 0x104,
  decrypt: 0x105,
  wrap: 0x106,
  unwrap: 0x107,
  sign: 0x108,
  signRecover: 0x109,
  verify: 0x10a,
  derive: 0x10c,
  modulus: 0x120,
  modulusBits: 0x121,
  publicExponent: 0x122,
  valueLength: 0x161,
  extractable: 0x162,
  modifiable: 0x170,
  ecParams: 0x180,
  ecPoint: 0x181,
  allowedMechanisms: 0x4000_0600,
  /** Of NSS, which wants it of a private key: the public one. */
  nssPublicValue: 0xd5a0_db00,
} as const

/** `CK_GCM_PARAMS` as pkcs11js numbers it, in the form of 2.40: the older one leaves `ulIvBits` uninitialised. */
export const GCM_PARAMETERS_V240 = 7

/** `CK_RSA_PKCS_OAEP_PARAMS` as pkcs11js numbers it. */
export const OAEP_PARAMETERS = 4

/** Mask generation functions of OAEP: MGF1 with that hash. */
export const CKG = { mgf1Sha1: 1, mgf1Sha256: 2 } as const

/** `CKZ_DATA_SPECIFIED`; without data it means the empty label. */
export const OAEP_LABEL_GIVEN = 1

export const CKR = {
  generalError: 0x5,
  functionNotSupported: 0x54,
  mechanismInvalid: 0x70,
  mechanismParamInvalid: 0x71,
  pinIncorrect: 0xa0,
  pinInvalid: 0xa1,
  pinLengthRange: 0xa2,
  pinExpired: 0xa3,
  pinLocked: 0xa4,
  userAlreadyLoggedIn: 0x100,
  userPinNotInitialized: 0x102,
  curveNotSupported: 0x140,
  cryptokiNotInitialized: 0x190,
  cryptokiAlreadyInitialized: 0x191,
} as const
