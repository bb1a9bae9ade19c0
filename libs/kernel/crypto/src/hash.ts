import { hmac } from '@noble/hashes/hmac.js'
import * as sha2 from '@noble/hashes/sha2.js'
import { exposeKey, type KeyMaterial } from './key-material.ts'

/** FIPS 180-4. 32 bytes. */
export const sha256 = (message: Uint8Array): Uint8Array => sha2.sha256(message)

/** FIPS 180-4. 64 bytes. */
export const sha512 = (message: Uint8Array): Uint8Array => sha2.sha512(message)

/** RFC 2104. A key of any length, 32 bytes out. */
export const hmacSha256 = (key: KeyMaterial, message: Uint8Array): Uint8Array =>
  hmac(sha2.sha256, exposeKey(key), message)

/** RFC 2104. A key of any length, 64 bytes out. */
export const hmacSha512 = (key: KeyMaterial, message: Uint8Array): Uint8Array =>
  hmac(sha2.sha512, exposeKey(key), message)
