export { openWebCrypto, type TokenSubtleCrypto, type TokenWebCrypto, type WebCryptoOptions } from './open-web-crypto.ts'
