import { createHash, randomBytes, verify } from 'node:crypto'
import { encodeTuple, equalBytes } from '@strongroom/crypto'
import type { KeyRecord } from '../keystore.ts'
import { blamesDevice, isDeviceError } from '../pkcs11/device-error.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import type { Handle, Session } from '../pkcs11/session.ts'
import type { Capabilities } from '../strategies/capabilities.ts'
import { toEd25519PublicKey } from './ed25519-key.ts'
import { toPublicKey } from './public-point.ts'
import { importAesKey, readableKey, useAndDestroy } from './session-keys.ts'

/** What a check needs: the key by one of its handles, and the session to use it on. */
export interface CheckedKey {
  readonly session: Session
  readonly capabilities: Capabilities
  readonly record: Omit<KeyRecord, 'checkValue'>
  readonly handle: Handle
  readonly publicHalf?: Uint8Array
}

const MAC_CHECK_BYTES = 32

/** Bytes that only this key could have made or can open; they are not secret, and stand in the database. */
export function makeCheckValue(key: CheckedKey): Uint8Array {
  const { session, capabilities, record, handle } = key
  const associated = checkText(record.label)
  switch (record.job) {
    case 'seal':
      return capabilities.seal(record.strategy).seal(session, handle, { plaintext: digest(associated), associated })
    case 'wrap':
      return useAndDestroy(session, (own) => {
        const known = own(
          importAesKey(session, { value: digest(associated), uses: ['encrypt'], extractable: 'extractable' }),
        )
        return capabilities.wrap(record.strategy).wrap(session, handle, known)
      })
    case 'mac':
      return session.sign(CKM.sha512Hmac, handle, associated).subarray(0, MAC_CHECK_BYTES)
    case 'sign':
    case 'sign-ed25519':
    case 'recover':
      return digest(key.publicHalf ?? new Uint8Array())
  }
}

/** Uses the key for its job: false where it is another key than the recorded one. Throws `DeviceError` where the token failed. */
export function matchesCheckValue(key: CheckedKey, checkValue: Uint8Array): boolean {
  try {
    return matches(key, checkValue)
  } catch (error) {
    if (isDeviceError(error) && !blamesDevice(error)) return false
    throw error
  }
}

/** As `matchesCheckValue`, but every failure of the token is thrown. */
export function matches(key: CheckedKey, checkValue: Uint8Array): boolean {
  const { session, capabilities, record, handle } = key
  const associated = checkText(record.label)
  switch (record.job) {
    case 'seal': {
      const opened = capabilities.seal(record.strategy).open(session, handle, { sealed: checkValue, associated })
      return equalBytes(opened, digest(associated))
    }
    case 'wrap':
      return useAndDestroy(session, (own) => {
        const wrap = capabilities.wrap(record.strategy)
        const known = own(wrap.unwrap(session, handle, { wrapped: checkValue, attributes: readableKey }))
        return equalBytes(session.readAttribute(known, 'value'), digest(associated))
      })
    case 'mac':
      return equalBytes(makeCheckValue(key), checkValue)
    case 'sign':
      return equalBytes(makeCheckValue(key), checkValue) && signsForItsPoint(key)
    case 'sign-ed25519':
      return equalBytes(makeCheckValue(key), checkValue) && signsForItsEd25519Key(key)
    case 'recover':
      return equalBytes(makeCheckValue(key), checkValue) && opensForItsPublicHalf(key)
  }
}

/** The halves of a pair are two objects on the token: a private key with another's public key would sign for nobody. */
function signsForItsPoint({ session, handle, publicHalf }: CheckedKey): boolean {
  if (publicHalf === undefined) return false
  const message = randomBytes(32)
  const signature = session.sign(CKM.ecdsa, handle, digest(message))
  return verify('sha256', message, { key: toPublicKey(publicHalf), dsaEncoding: 'ieee-p1363' }, signature)
}

function signsForItsEd25519Key({ session, handle, publicHalf }: CheckedKey): boolean {
  if (publicHalf === undefined) return false
  const message = randomBytes(32)
  return verify(null, message, toEd25519PublicKey(publicHalf), session.sign(CKM.eddsa, handle, message))
}

function opensForItsPublicHalf({ session, capabilities, record, handle, publicHalf }: CheckedKey): boolean {
  if (publicHalf === undefined) return false
  const strategy = capabilities.recover(record.strategy)
  const message = randomBytes(32)
  return equalBytes(strategy.open(session, handle, strategy.seal(publicHalf, message)), message)
}

const checkText = (label: string): Uint8Array => encodeTuple('strongroom/check', label)
const digest = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())
