import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '@strongroom/crypto'
import { describe, expect, type Mock, test, vi } from 'vitest'
import { HsmUnavailable, type HsmLog } from '../src/index.ts'
import { CKF, CKU } from '../src/pkcs11/cryptoki.ts'
import { acquireModule } from '../src/pkcs11/module-registry.ts'
import { findToken } from '../src/pkcs11/token.ts'
import { makeProcessWorld, tokenProcesses } from './process-world.ts'
import { binding, pin, untilHealed } from './world.ts'

const lock = { binding, factor: pin('1234') }
const wrong = { binding, factor: pin('4321') }
const message = new Uint8Array(3)
/** Longer than a busy machine keeps a healthy token's process waiting. */
const callSeconds = 2
/** The start of a process that waits for its token alone, on a busy machine. */
const startSeconds = 10

describe('a token that hangs', () => {
  test('holds up nothing but those who ask it, and them no longer than they were promised', async () => {
    const { open, device } = await makeProcessWorld()
    const keystore = await open({ callSeconds })
    device.hang(['C_Sign'], 'before')
    const order: string[] = []
    const asked = keystore.mac('code', message).catch((error: unknown) => {
      order.push('token')
      return error
    })
    for (let turn = 0; turn < 5; turn++) await sleep(10)
    order.push(`timers, ${(await readFile(import.meta.filename)).length > 0 ? 'files' : 'nothing'}`)
    expect(await asked).toBeInstanceOf(HsmUnavailable)
    expect(order).toEqual(['timers, files', 'token'])
  })

  test('is told apart at once by whoever comes next, and heals with a new process and new handles', async () => {
    const log = vi.fn<HsmLog>()
    const { open, device } = await makeProcessWorld()
    const keystore = await open({ callSeconds, log })
    const [sealed, locked] = [await keystore.seal(new Secret('kept'), binding), await keystore.issueLockedKey(lock)]
    const before = tokenProcesses()
    device.hang(['C_Sign', 'C_Decrypt'], 'before')
    await expect(keystore.openLockedKey(lock, locked)).rejects.toThrow(/no answer within 2000 ms/)
    const signed = device.calls('C_Sign')
    expect(() => keystore.assertAvailable()).toThrow(HsmUnavailable)
    await expect(keystore.openLockedKey(lock, locked)).rejects.toMatchObject({ name: 'HsmUnavailable' })
    await expect(keystore.check()).rejects.toThrow(HsmUnavailable)
    expect(device.calls('C_Sign')).toBe(signed)
    device.mend()
    await untilHealed(keystore)
    expect((await keystore.open(sealed, binding)).equals(new Secret('kept'))).toBe(true)
    expect(await keystore.openLockedKey(lock, locked)).toHaveLength(32)
    expect(tokenProcesses()).toHaveLength(1)
    expect(before).not.toEqual(tokenProcesses())
    expect(toldBy(log).map(([event]) => event)).toEqual(['hsm-lost', 'hsm-recovered'])
  })

  test('in one session leaves the others to work', async () => {
    const { open, device } = await makeProcessWorld()
    const keystore = await open({ callSeconds: 60, sessions: 3 })
    const sealed = await keystore.seal(new Secret('kept'), binding)
    const mac = await keystore.mac('code', message)
    device.hang(['C_Decrypt'], 'before')
    const hanging = Promise.allSettled([keystore.open(sealed, binding), keystore.open(sealed, binding)])
    for (let calls = 0; calls < 50; calls++) expect(await keystore.mac('code', message)).toEqual(mac)
    device.mend()
    expect((await hanging).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
  })

  test('after it has answered: the guess was not compared, right or wrong, and both are told the same', async () => {
    const { open, device } = await makeProcessWorld()
    const keystore = await open({ callSeconds })
    const locked = await keystore.issueLockedKey(lock)
    for (const guess of [lock, wrong]) {
      device.hang(['C_Sign'], 'after')
      const signed = device.calls('C_Sign')
      await expect(keystore.openLockedKey(guess, locked)).rejects.toThrow(/no answer within/)
      expect(device.calls('C_Sign')).toBe(signed + 1)
      device.mend()
      await untilHealed(keystore)
    }
    expect(await keystore.openLockedKey(wrong, locked)).toBeUndefined()
    expect(await keystore.openLockedKey(lock, locked)).toHaveLength(32)
  })

  test('is noticed by the probe when nobody asks', async () => {
    const log = vi.fn<HsmLog>()
    const { open, device } = await makeProcessWorld()
    await open({ callSeconds, log, probeIntervalMs: 50 })
    device.hang(['C_Decrypt'], 'before')
    await expect.poll(() => log.mock.calls.length).toBeGreaterThan(0)
    expect(log).toHaveBeenCalledWith('hsm-lost', 'no answer within 2000 ms')
  })

  test('at the start, in whichever call: the start is refused in time, and leaves no process', async () => {
    const methods = ['C_Initialize', 'C_Login', 'C_OpenSession', 'C_FindObjects'] as const
    const worlds = await Promise.all(methods.map(async (method) => ({ method, ...(await makeProcessWorld()) })))
    const starts = worlds.map(async ({ method, device, open }) => {
      device.hang([method], 'before')
      const calls = device.calls(method)
      const refusal = await open({ startSeconds }).catch((error: unknown) => error)
      return [method, device.calls(method) - calls, String(refusal)]
    })
    const inTime = expect.stringContaining('no start within 10000 ms')
    expect(await Promise.all(starts)).toEqual(methods.map((method) => [method, 1, inTime]))
    expect(tokenProcesses()).toEqual([])
    for (const { device, open } of worlds) {
      device.mend()
      expect(await (await open()).mac('code', message)).toHaveLength(64)
    }
  })

  test('a PIN whose trial was not answered is not tried again once the token counts it as wrong', async () => {
    const log = vi.fn<HsmLog>()
    const { open, device, token } = await makeProcessWorld()
    const keystore = await open({ startSeconds, log })
    changePin(token)
    device.hang(['C_Login'], 'after')
    const logins = device.calls('C_Login')
    device.reset()
    await expect(keystore.check()).rejects.toThrow(HsmUnavailable)
    const failures = () =>
      toldBy(log)
        .filter(([event]) => event === 'hsm-recovery-failed')
        .map(([, why]) => why)
    await expect.poll(() => failures().length).toBeGreaterThanOrEqual(2)
    device.mend()
    await expect.poll(() => failures().length).toBeGreaterThanOrEqual(4)
    const counted = expect.stringMatching(/gave the token .* a wrong PIN/)
    expect(failures().slice(0, 4)).toEqual([expect.stringMatching(/no start within/), counted, counted, counted])
    await expect(keystore.check()).rejects.toThrow(HsmUnavailable)
    // Nor by a start, which knows nothing but the count.
    await expect(open()).rejects.toMatchObject({ reason: 'pin-low' })
    expect(device.calls('C_Login')).toBe(logins + 1)
  })
})

/** Without a try that found the killed process not gone yet, as a busy machine makes it. */
const toldBy = (log: Mock<HsmLog>) => log.mock.calls.filter(([, why]) => !why.includes('has not ended'))

type Token = Awaited<ReturnType<typeof makeProcessWorld>>['token']

/** As an administrator would, behind our back. */
function changePin(token: Token): void {
  const module = acquireModule(token.module)
  const session = module.pkcs11.C_OpenSession(
    findToken(module.pkcs11, token.tokenLabel).slot,
    CKF.serialSession | CKF.rwSession,
  )
  const text = new TextDecoder().decode(token.pin.expose())
  module.pkcs11.C_Login(session, CKU.user, text)
  module.pkcs11.C_SetPIN(session, text, 'another PIN')
  module.pkcs11.C_CloseSession(session)
  module.release()
}
