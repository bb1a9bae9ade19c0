import { createDecipheriv, randomBytes } from 'node:crypto'
import type { AesGCM } from 'pkcs11js'
import { equalBytes } from '@strongroom/crypto'
import { Unopenable } from '../errors.ts'
import { GCM_PARAMETERS_V240 } from '../pkcs11/cryptoki.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { Mechanism } from '../pkcs11/session.ts'
import { viewAsBuffer } from '../pkcs11/template.ts'
import { importAesKey, useAndDestroy } from '../keys/session-keys.ts'
import { type GcmHabit, gcmHabits } from './gcm-habits.ts'
import { proveOnThrowAway } from './throw-away.ts'
import { sealsAndOpens } from './prove-seal.ts'
import type { Candidate, SealStrategy } from './strategy.ts'

const IV_BYTES = 12
const TAG_BYTES = 16
const IVS_DRAWN = 512

let drawn = Buffer.alloc(0)

/** Random for each message; drawn many at a time, because a draw costs more than the encryption's share of it. */
function nextIv(): Uint8Array {
  if (drawn.length === 0) drawn = randomBytes(IV_BYTES * IVS_DRAWN)
  const iv = drawn.subarray(0, IV_BYTES)
  drawn = drawn.subarray(IV_BYTES)
  return iv
}

interface Format {
  readonly name: string
  readonly ivBytes: 12 | 16
}

/**
 * AES-256-GCM in the token (NIST SP 800-38D): the IV, the ciphertext, 16 bytes of tag, in this order whoever drew the IV
 * and wherever the module puts it, so that any token with the key opens it.
 */
const strategyOf = ({ name, ivBytes }: Format, habit: GcmHabit): SealStrategy => ({
  name,
  mechanisms: [habit.mechanism],
  seal(session, { key }, { plaintext, associated }) {
    const given = ivToGive(habit)
    const made = session.encrypt(mechanismOf(habit, given, associated), key, plaintext)
    const [iv, rest] = separate(made, { habit, ivBytes, given })
    if (iv.length + rest.length !== ivBytes + plaintext.length + TAG_BYTES || iv.every((byte) => byte === 0))
      throw new DeviceError('a ciphertext with another IV than is known of this token', 0, 'C_Encrypt')
    return Buffer.concat([iv, rest])
  },
  open(session, { key }, { sealed, associated }) {
    if (sealed.length < ivBytes + TAG_BYTES) throw new Unopenable()
    const [iv, rest] = [sealed.subarray(0, ivBytes), sealed.subarray(ivBytes)]
    if (habit.opens === 'by-parameter') return session.decrypt(mechanismOf(habit, iv, associated), key, rest)
    const asMade = habit.iv === 'appended' ? [rest, iv] : [iv, rest]
    return session.decrypt(mechanismOf(habit, ivToGive(habit), associated), key, Buffer.concat(asMade))
  },
})

/** Never a constant where the module might take it for the IV, unless one that it left in place is refused afterwards. */
function ivToGive({ iv, given }: GcmHabit): Uint8Array {
  if (iv === 'written-over-zeros') return new Uint8Array(IV_BYTES)
  return given.bytes === IV_BYTES ? nextIv() : randomBytes(given.bytes)
}

/** What the module was given is what it wrote back, where it did. */
function separate(
  made: Uint8Array,
  { habit, ivBytes, given }: { habit: GcmHabit; ivBytes: number; given: Uint8Array },
): readonly [Uint8Array, Uint8Array] {
  if (habit.iv === 'appended') return [made.subarray(-ivBytes), made.subarray(0, -ivBytes)]
  return habit.iv === 'prepended' ? [made.subarray(0, ivBytes), made.subarray(ivBytes)] : [given, made]
}

const candidateOf = (format: Format): Candidate<SealStrategy> => ({
  name: format.name,
  variants: (profile) => gcmHabits(profile, format.ivBytes).map((habit) => strategyOf(format, habit)),
  /** Opened by node:crypto, so that nothing that merely looks like GCM passes for it. */
  proves: (bench, strategy) =>
    proveOnThrowAway(bench, strategy, () => {
      const secret = randomBytes(32)
      return useAndDestroy(bench.session, (own) => {
        const key = own(importAesKey(bench.session, { value: secret, uses: ['encrypt', 'decrypt'] }))
        const found = sealsAndOpens(bench, strategy, { key })
        return found !== undefined && equalBytes(openInProcess(secret, { ...format, ...found }), found.plaintext)
      })
    }),
})

export const hsmGcm = candidateOf({ name: 'hsm-gcm', ivBytes: 12 })
export const hsmGcmIv16 = candidateOf({ name: 'hsm-gcm-iv16', ivBytes: 16 })

function mechanismOf({ mechanism, given }: GcmHabit, iv: Uint8Array, associated: Uint8Array): Mechanism {
  const parameter: AesGCM = {
    type: GCM_PARAMETERS_V240,
    iv: viewAsBuffer(iv),
    ivBits: iv.length === 0 ? given.bits : iv.length * 8,
    aad: viewAsBuffer(associated),
    tagBits: TAG_BYTES * 8,
  }
  return { mechanism, parameter }
}

interface Opened {
  readonly ivBytes: number
  readonly sealed: Uint8Array
  readonly associated: Uint8Array
}

/** Throws `Unopenable`. */
function openInProcess(key: Uint8Array, { ivBytes, sealed, associated }: Opened): Uint8Array {
  const end = sealed.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivBytes), { authTagLength: TAG_BYTES })
  decipher.setAAD(associated).setAuthTag(sealed.subarray(end))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(ivBytes, end)), decipher.final()])
  } catch {
    throw new Unopenable()
  }
}
