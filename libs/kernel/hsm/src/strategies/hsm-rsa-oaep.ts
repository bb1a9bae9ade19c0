import { createHash, randomBytes } from 'node:crypto'
import { encodeTuple, equalBytes } from '@strongroom/crypto'
import { ByteReader } from '../envelope/byte-reader.ts'
import { Unopenable } from '../errors.ts'
import { importMacKey, macSessionKey, useAndDestroy } from '../keys/session-keys.ts'
import { DATA_KEY_BYTES, decryptBody, encryptBody } from '../operations/data-key.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { Handle, Session } from '../pkcs11/session.ts'
import { type Closed, sealWithMac, splitTag, verifyMac } from './companion-mac.ts'
import { encryptOaep, generateProofPair, oaep, type OaepHash } from './oaep.ts'
import { sealsAndOpens } from './prove-seal.ts'
import type { Candidate, SealStrategy } from './strategy.ts'
import { importsNothing } from './throw-away.ts'

const HASH = 'sha512'
const MOST_OAEP_BYTES = 2048

interface Format {
  readonly name: string
  readonly oaepHash: OaepHash
}

/**
 * The length of what OAEP gave (2 bytes), that: a data key and the digest of name and associated data; the value under the
 * data key; the companion's HMAC over all of it, because anybody may encrypt to a public key.
 */
const strategyOf = ({ name, oaepHash }: Format): SealStrategy => ({
  name,
  mechanisms: [CKM.rsaPkcsOaep],
  seal(session, keys, { plaintext, associated }) {
    const { publicHalf } = keys
    if (publicHalf === undefined) throw new DeviceError('a pair without its public half', 0, 'C_Encrypt')
    const dataKey = session.drawRandom(DATA_KEY_BYTES)
    const payload = Buffer.concat([dataKey, digest(name, associated)])
    try {
      const toToken = encryptOaep(publicHalf, oaepHash, payload)
      const body = encryptBody(dataKey, { plaintext, associated })
      const tag = sealWithMac(session, keys, { hash: HASH, closed: closedBy(name, { associated, toToken, body }) })
      return Buffer.concat([Uint8Array.of(toToken.length >> 8, toToken.length & 0xff), toToken, body, tag])
    } finally {
      dataKey.fill(0)
      payload.fill(0)
    }
  },
  open(session, keys, { sealed, associated }) {
    const { closed, tag } = splitTag(sealed, HASH)
    const reader = new ByteReader(closed)
    const toToken = reader.readBytes(2, MOST_OAEP_BYTES)
    const body = closed.subarray(2 + toToken.length)
    verifyMac(session, keys, { hash: HASH, tag, closed: closedBy(name, { associated, toToken, body }) })
    const payload = session.decrypt(oaep(oaepHash), keys.key, toToken)
    try {
      if (!equalBytes(payload.subarray(DATA_KEY_BYTES), digest(name, associated))) throw new Unopenable()
      return decryptBody(payload.subarray(0, DATA_KEY_BYTES), { body, associated })
    } finally {
      payload.fill(0)
    }
  },
})

interface Parts {
  readonly associated: Uint8Array
  readonly toToken: Uint8Array
  readonly body: Uint8Array
}

const closedBy = (name: string, { associated, toToken, body }: Parts): Closed => [name, associated, toToken, body]

const digest = (name: string, associated: Uint8Array): Uint8Array =>
  createHash('sha256').update(encodeTuple(name, associated)).digest()

const candidateOf = (format: Format): Candidate<SealStrategy> => ({
  name: format.name,
  variants: () => [strategyOf(format)],
  /** What node:crypto encrypts the token decrypts: that is the proof of the padding. */
  proves: (bench, strategy) =>
    useAndDestroy(bench.session, (own) => {
      const pair = generateProofPair(bench.session, { job: 'seal', strategy: format.name }, own)
      const mac = own(throwAwayMac(bench.session))
      return sealsAndOpens(bench, strategy, { ...pair, mac }) !== undefined
    }),
})

function throwAwayMac(session: Session): Handle {
  try {
    return importMacKey(session, randomBytes(64))
  } catch (error) {
    if (!importsNothing(error)) throw error
    return session.generateKey(CKM.genericSecretKeyGen, { ...macSessionKey, valueLength: 64 })
  }
}

export const hsmRsaOaep = candidateOf({ name: 'hsm-rsa-oaep', oaepHash: 'sha256' })
export const hsmRsaOaepSha1 = candidateOf({ name: 'hsm-rsa-oaep-sha1', oaepHash: 'sha1' })
