import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { shimFaults, softToken } from '../src/testing/index.ts'
import { openWebCrypto } from '../src/webcrypto/index.ts'
import { collectGarbage, freshGcm, gcm, hmac, keyOf, message } from './webcrypto-world.ts'
import { tenant } from './world.ts'

describe('the WebCrypto view on a slow token', () => {
  const openSlow = async (sessions = 4) => {
    const token = await softToken({ through: 'fault-shim' })
    const shim = shimFaults(token.module)
    const view = await openWebCrypto({ ...token, ...tenant, sessions })
    onTestFinished(async () => {
      shim.release()
      await view.close()
      await token.remove()
    })
    return { view, shim }
  }

  test('what a call was given is what it computes on, whatever is allocated and collected meanwhile', async () => {
    const { view, shim } = await openSlow()
    const key = await keyOf(view, gcm)
    shim.delay(20, ['C_Encrypt'])
    for (let round = 0; round < 10; round++) {
      const plaintexts = Array.from({ length: 4 }, () => Uint8Array.from(randomBytes(65_536)))
      const algorithms = plaintexts.map(() => ({ ...freshGcm(), additionalData: Uint8Array.from(randomBytes(4096)) }))
      const sealing = plaintexts.map((plaintext, at) => {
        const given = plaintext.slice()
        const sealed = view.subtle.encrypt(algorithms[at] as never, key, given)
        // The caller's own bytes may change as soon as the call returned.
        given.fill(0)
        return sealed
      })
      for (let turn = 0; turn < 6; turn++) {
        collectGarbage()
        Array.from({ length: 8 }, () => Buffer.alloc(65_536, 0xee))
        await sleep(2)
      }
      const sealed = await Promise.all(sealing)
      for (const [at, plaintext] of plaintexts.entries()) {
        const opened = await view.subtle.decrypt(algorithms[at] as never, key, sealed[at] ?? new ArrayBuffer())
        expect(Buffer.compare(Buffer.from(opened), plaintext)).toBe(0)
      }
    }
  })

  test('several sessions compute at once', async () => {
    const { view, shim } = await openSlow(4)
    const mac = await keyOf(view, hmac)
    const before = shim.calls('C_Sign')
    shim.hang(['C_Sign'], 'before')
    const signing = Array.from({ length: 4 }, () => view.subtle.sign('HMAC', mac, message))
    await expect.poll(() => shim.calls('C_Sign') - before).toBe(4)
    shim.mend()
    expect(new Set((await Promise.all(signing)).map(({ byteLength }) => byteLength))).toEqual(new Set([32]))
  })

  test('a token that draws its own IVs is found out: what it gave is not handed on', async () => {
    const { view, shim } = await openSlow()
    const key = await keyOf(view, gcm)
    shim.chooseIvs()
    await expect(view.subtle.encrypt(freshGcm(), key, message)).rejects.toMatchObject({ name: 'NotSupportedError' })
  })
})
