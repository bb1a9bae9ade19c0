import { createDecipheriv, randomBytes } from 'node:crypto'
import type { PairCurve } from '../keystore.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import { viewAsBuffer } from '../pkcs11/template.ts'
import type { VendorProfile } from '../profiles/vendor-profile.ts'
import { type Closed, sealWithMac, splitTag, verifyMac } from './companion-mac.ts'
import { rfc5649Mechanisms, unwrapPadded } from './key-wrap.ts'
import { provesPairs, type UnwrapInProcess } from './prove-pairs.ts'
import type { MacHash } from './shapes.ts'
import type { Candidate, WrapStrategy } from './strategy.ts'
import { pairHabits, type TemplateHabit } from './template-habits.ts'

const IV_BYTES = 16

/** How a private key, which is PKCS #8 of any length, is wrapped inside the token. */
interface Format {
  readonly name: string
  strategies(profile: VendorProfile): readonly WrapStrategy[]
  /** Without a look at what vouches for it. */
  readonly unwrapInProcess: UnwrapInProcess
}

const KWP = 'A256KWP-PKCS8'

const keyWrapPadded: Format = {
  name: KWP,
  unwrapInProcess: unwrapPadded,
  strategies: (profile) =>
    rfc5649Mechanisms(profile).flatMap((mechanism) => pairHabits.map((habit) => kwpStrategy(mechanism, habit))),
}

const kwpStrategy = (mechanism: number, habit: TemplateHabit): WrapStrategy => ({
  name: KWP,
  mechanisms: [mechanism],
  wrap: (session, wrapper, { key }) => session.wrapKey(mechanism, wrapper.key, key),
  unwrap: (session, wrapper, { wrapped, attributes }) =>
    session.unwrapKey({ mechanism, key: wrapper.key }, wrapped, habit(attributes)),
})

/** A random IV, PKCS #8 by AES-256-CBC with padding, the companion's HMAC over name, context, IV and wrapped key. */
const cbcPadded = (name: string, hash: MacHash): Format => ({
  name,
  unwrapInProcess(wrapper, bytes) {
    const { closed } = splitTag(bytes, hash)
    const decipher = createDecipheriv('aes-256-cbc', wrapper, closed.subarray(0, IV_BYTES))
    return Buffer.concat([decipher.update(closed.subarray(IV_BYTES)), decipher.final()])
  },
  strategies: () => pairHabits.map((habit) => cbcStrategy({ name, hash }, habit)),
})

const cbcStrategy = ({ name, hash }: { name: string; hash: MacHash }, habit: TemplateHabit): WrapStrategy => ({
  name,
  mechanisms: [CKM.aesCbcPad],
  wrap(session, keys, { key, context }) {
    const iv = randomBytes(IV_BYTES)
    const wrapped = session.wrapKey({ mechanism: CKM.aesCbcPad, parameter: viewAsBuffer(iv) }, keys.key, key)
    const closed: Closed = [name, context, iv, wrapped]
    return Buffer.concat([iv, wrapped, sealWithMac(session, keys, { hash, closed })])
  },
  unwrap(session, keys, unwrapping) {
    const { closed, tag } = splitTag(unwrapping.wrapped, hash)
    const [iv, wrapped] = [closed.subarray(0, IV_BYTES), closed.subarray(IV_BYTES)]
    const { context, attributes } = unwrapping
    verifyMac(session, keys, { hash, tag, closed: [name, context, iv, wrapped] })
    const means = { mechanism: CKM.aesCbcPad, parameter: viewAsBuffer(iv), key: keys.key }
    return session.unwrapKey(means, wrapped, habit(attributes))
  },
})

const formats: readonly Format[] = [
  keyWrapPadded,
  cbcPadded('cbc-pad-pkcs8-hmac', 'sha512'),
  cbcPadded('cbc-pad-pkcs8-hmac-sha256', 'sha256'),
]

/** A token may know one curve and not another: each is proved for itself. */
export const pairWraps = (curve: PairCurve): readonly Candidate<WrapStrategy>[] =>
  formats.map((format) => ({
    name: format.name,
    variants: (profile) => format.strategies(profile),
    proves: (bench, strategy) => provesPairs(bench, { strategy, curve }, format.unwrapInProcess),
  }))
