import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { Unopenable } from '../errors.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { Session } from '../pkcs11/session.ts'
import { Bench } from './bench.ts'
import { sealsAndOpens } from './prove-seal.ts'
import type { SealStrategy } from './strategy.ts'

const key = randomBytes(32)
const bench = () => new Bench(() => ({ close: () => undefined }) as Session)

interface Lapse {
  readonly associated?: 'ignored'
  readonly tag?: 'ignored'
  readonly iv?: 'constant'
  readonly plaintext?: 'other'
  readonly away?: 'always'
}

/** GCM, or what looks like it at first sight. */
const strategyWith = (lapse: Lapse): SealStrategy => ({
  name: 'hsm-gcm',
  mechanisms: [],
  seal(_session, _keys, { plaintext, associated }) {
    const iv = lapse.iv === 'constant' ? Buffer.alloc(12, 1) : randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(lapse.associated ? Buffer.alloc(0) : associated)
    return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  },
  open(_session, _keys, { sealed, associated }) {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 })
    decipher.setAAD(lapse.associated ? Buffer.alloc(0) : associated).setAuthTag(sealed.subarray(-16))
    const opened = decipher.update(sealed.subarray(12, -16))
    if (lapse.tag === 'ignored') return opened
    try {
      decipher.final()
    } catch {
      throw lapse.away ? new DeviceError('CKR_DEVICE_REMOVED', 0x32, 'C_Decrypt') : new Unopenable()
    }
    return lapse.plaintext ? opened.subarray(1) : opened
  },
})

const proves = (lapse: Lapse) => sealsAndOpens(bench(), strategyWith(lapse), { key: Buffer.alloc(8) }) !== undefined

test('what seals is proved, and nothing that skips a part of it', () => {
  expect(proves({})).toBe(true)
  for (const lapse of [
    { associated: 'ignored' },
    { tag: 'ignored' },
    { iv: 'constant' },
    { plaintext: 'other' },
  ] as const)
    expect([lapse, proves(lapse)]).toEqual([lapse, false])
})

test('a token that is away has refused nothing', () => {
  expect(() => proves({ away: 'always' })).toThrow(/CKR_DEVICE_REMOVED/)
})
