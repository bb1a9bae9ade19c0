import { CKM } from '../pkcs11/cryptoki.ts'

/** The mechanisms that a keystore could live on, by number and name (OASIS pkcs11t.h). What a list says proves nothing. */
export const mechanismNames: readonly (readonly [number, string])[] = [
  [CKM.aesKeyGen, 'CKM_AES_KEY_GEN'],
  [CKM.aesGcm, 'CKM_AES_GCM'],
  [0x1085, 'CKM_AES_CBC_PAD'],
  [CKM.aesKeyWrap, 'CKM_AES_KEY_WRAP'],
  [CKM.aesKeyWrapPad, 'CKM_AES_KEY_WRAP_PAD (0x210A)'],
  [CKM.aesKeyWrapKwp, 'CKM_AES_KEY_WRAP_KWP (0x210B)'],
  [CKM.genericSecretKeyGen, 'CKM_GENERIC_SECRET_KEY_GEN'],
  [0x251, 'CKM_SHA256_HMAC'],
  [CKM.sha512Hmac, 'CKM_SHA512_HMAC'],
  [CKM.ecKeyPairGen, 'CKM_EC_KEY_PAIR_GEN'],
  [CKM.ecdsa, 'CKM_ECDSA'],
  [0x1050, 'CKM_ECDH1_DERIVE'],
  [0x1055, 'CKM_EC_EDWARDS_KEY_PAIR_GEN'],
  [0x1057, 'CKM_EDDSA'],
  [CKM.rsaPkcsKeyPairGen, 'CKM_RSA_PKCS_KEY_PAIR_GEN'],
  [CKM.rsaPkcsOaep, 'CKM_RSA_PKCS_OAEP'],
]
