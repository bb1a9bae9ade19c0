import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HsmUnavailable, type Keystore, type LockedKey, openKeystore, provisionKeys } from '../src/index.ts'
import { injectFaults, type Method, shimFaults, softToken } from '../src/testing/index.ts'
import { testedModules } from './modules.ts'
import { binding, needs, openWorld, pin, tenant, untilHealed } from './world.ts'

const lock = { binding, factor: pin('1234') }
const wrong = { binding, factor: pin('4321') }
const deviceError = { name: 'CKR_DEVICE_ERROR', code: 0x30 }

/** What opening a locked key calls, and what mending calls. */
const everyCall: readonly Method[] = [
  ...(['C_SignInit', 'C_Sign', 'C_DecryptInit', 'C_Decrypt', 'C_CreateObject', 'C_UnwrapKey'] as const),
  ...(['C_GetAttributeValue', 'C_DestroyObject', 'C_OpenSession', 'C_CloseSession'] as const),
]

describe.each(testedModules)('bad days of $name', (module) => {
  test('whichever call fails, once or for a while: the right answer or an outage, and it heals', async () => {
    const { keystore, token } = await openWorld(module)
    const locked = await keystore.issueLockedKey(lock)
    const key = await keystore.openLockedKey(lock, locked)
    const device = injectFaults(token.module)
    for (const method of everyCall) {
      for (const times of [1, 6]) {
        device.fail([method], { ...deviceError, times })
        for (let tries = 0; tries < 3; tries++) expect(await outcomeOf(keystore, locked)).not.toBe('mistaken')
        device.mend()
        await untilHealed(keystore)
        expect((await keystore.openLockedKey(lock, locked))?.equals(key ?? new Secret(''))).toBe(true)
      }
    }
    device.release()
  })

  test('owners who retry through a storm get in afterwards, and pay for the wrong guesses that were compared alone', async () => {
    const { keystore, token } = await openWorld(module)
    const device = injectFaults(token.module)
    const owners = await Promise.all(
      Array.from({ length: 12 }, async (_, row) => {
        const own = { ...lock, binding: { ...binding, row: `row-${row}` } }
        return { own, locked: await keystore.issueLockedKey(own), charged: 0, compared: 0, mistaken: 0 }
      }),
    )
    const storm = new AbortController()
    const retries = owners.map(async (owner) => {
      for (let tries = 0; !storm.signal.aborted; tries++) {
        const isWrong = tries % 2 === 0
        if (isWrong && owner.charged >= 10) continue
        owner.charged += isWrong ? 1 : 0
        const guess = isWrong ? { ...owner.own, factor: wrong.factor } : owner.own
        try {
          const opened = await keystore.openLockedKey(guess, owner.locked)
          if ((opened === undefined) !== isWrong) owner.mistaken++
          if (isWrong) owner.compared++
        } catch (error) {
          if (!(error instanceof HsmUnavailable)) throw error
          owner.charged -= isWrong ? 1 : 0
        }
        await sleep(5)
      }
    })
    for (let gust = 0; gust < 3; gust++) {
      for (const blow of [
        () => device.fail(['C_Sign', 'C_OpenSession', 'C_Initialize'], deviceError),
        () => device.reset(),
        () => device.fail(['C_Decrypt'], { ...deviceError, first: 3, times: 5 }),
        () => module.executor === 'process' && shimFaults(token.module).crash(['C_UnwrapKey']),
      ]) {
        blow()
        await sleep(100)
        device.mend()
        await sleep(200)
      }
    }
    await untilHealed(keystore)
    // Where it heals slowly nobody got through in between.
    await expect.poll(() => owners.some(({ compared }) => compared > 0)).toBe(true)
    storm.abort()
    await Promise.all(retries)
    for (const { own, locked, ...owner } of owners) {
      expect(owner).toEqual({ charged: owner.compared, compared: expect.any(Number), mistaken: 0 })
      expect(await keystore.openLockedKey(own, locked)).toHaveLength(32)
    }
    device.release()
  })
})

test.each(['inline', 'process'] as const)(
  'a token that takes IVs of its own choice and writes them back is believed (%s)',
  async (executor) => {
    const token = await softToken({ through: 'fault-shim' })
    onTestFinished(() => token.remove())
    const device = shimFaults(token.module)
    device.chooseIvs()
    const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
    const keystore = await openKeystore({ ...token, ...tenant, keys, executor })
    onTestFinished(() => keystore.close())
    const [sealed, locked] = [await keystore.seal(new Secret('kept'), binding), await keystore.issueLockedKey(lock)]
    device.mend()
    expect((await keystore.open(sealed, binding)).equals(new Secret('kept'))).toBe(true)
    expect(await keystore.openLockedKey(lock, locked)).toHaveLength(32)
    device.release()
  },
)

/** Of a wrong guess and a right one. */
async function outcomeOf(keystore: Keystore, locked: LockedKey): Promise<'right' | 'outage' | 'mistaken'> {
  try {
    const refused = await keystore.openLockedKey(wrong, locked)
    const opened = await keystore.openLockedKey(lock, locked)
    return refused === undefined && opened?.length === 32 ? 'right' : 'mistaken'
  } catch (error) {
    return error instanceof HsmUnavailable ? 'outage' : 'mistaken'
  }
}
