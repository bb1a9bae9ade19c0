import { randomBytes } from 'node:crypto'
import { equalBytes } from '@strongroom/crypto'
import { importAesKey, readableKey, useAndDestroy } from '../keys/session-keys.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import { encryptOaep, generateProofPair, oaep, type OaepHash } from './oaep.ts'
import { flip, isRefused } from './prove-seal.ts'
import type { Candidate, WrapStrategy } from './strategy.ts'
import { type TemplateHabit, templateHabits } from './template-habits.ts'

interface Format {
  readonly name: string
  readonly oaepHash: OaepHash
}

/**
 * The token wraps to the public half and unwraps by the private one. Whoever has the public half could do the same: what
 * vouches for the wrapped key is the seal around it.
 */
const strategyOf = ({ name, oaepHash }: Format, habit: TemplateHabit): WrapStrategy => ({
  name,
  mechanisms: [CKM.rsaPkcsOaep],
  wrap(session, { publicKey }, { key }) {
    if (publicKey === undefined) throw new DeviceError('a pair without its public half', 0, 'C_WrapKey')
    return session.wrapKey(oaep(oaepHash), publicKey, key)
  },
  unwrap: (session, { key }, { wrapped, attributes }) =>
    session.unwrapKey({ ...oaep(oaepHash), key }, wrapped, habit(attributes)),
})

const candidateOf = (format: Format): Candidate<WrapStrategy> => ({
  name: format.name,
  variants: () => templateHabits.map((habit) => strategyOf(format, habit)),
  /** What node:crypto encrypted unwraps as well, and so the token's own is the same format. */
  proves: (bench, strategy) => {
    const { session } = bench
    const bytes = randomBytes(32)
    const context = new Uint8Array()
    return useAndDestroy(session, (own) => {
      const pair = generateProofPair(session, { job: 'wrap', strategy: format.name }, own)
      const subject = own(importAesKey(session, { value: bytes, uses: ['encrypt'], extractable: 'extractable' }))
      const wrapped = strategy.wrap(session, pair, { key: subject, context })
      const foreign = encryptOaep(pair.publicHalf ?? new Uint8Array(), format.oaepHash, bytes)
      for (const one of [wrapped, foreign]) {
        const back = own(strategy.unwrap(session, pair, { wrapped: one, context, attributes: readableKey }))
        if (!equalBytes(session.readAttribute(back, 'value'), bytes)) return false
      }
      const altered = { wrapped: flip(wrapped, 20), context, attributes: readableKey }
      return isRefused(bench, (apart) => strategy.unwrap(apart, pair, altered))
    })
  },
})

export const oaepWraps: readonly Candidate<WrapStrategy>[] = [
  candidateOf({ name: 'rsa-oaep-wrap', oaepHash: 'sha256' }),
  candidateOf({ name: 'rsa-oaep-wrap-sha1', oaepHash: 'sha1' }),
]
