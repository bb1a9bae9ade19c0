import { describe, expect, onTestFinished, test } from 'vitest'
import { openKeystore, provisionKeys, type TokenEpoch } from '../src/index.ts'
import { findMarks, makeMark, markForms } from '../src/keys/epoch-marks.ts'
import type { Session } from '../src/pkcs11/session.ts'
import { testedModules } from './modules.ts'
import { makeProcessWorld } from './process-world.ts'
import { makeRing, testedRings, unplug } from './several/ring-world.ts'
import { needs, openWorld, provisionedToken, rawSession, tenant, untilHealed } from './world.ts'
import { moodyToken, softHsm } from './ways-world.ts'

const { app } = tenant
const numbers = (told: readonly TokenEpoch[]) => told.map(({ number }) => number)
const marksIn = (session: Session) =>
  findMarks(session, app)
    .map(({ number }) => number)
    .toSorted((a, b) => a - b)
const [dataForm, keyForm] = markForms

describe.each(testedModules)('epochs on $name', (module) => {
  test('are none until raised, then what they were raised to, for every keystore on the token', async () => {
    const { keystore, open, token } = await openWorld(module)
    expect(await keystore.epochs()).toEqual([{ label: token.tokenLabel }])
    expect(await keystore.raiseEpochs(1)).toEqual([{ label: token.tokenLabel, number: 1 }])
    expect(numbers(await keystore.raiseEpochs(2))).toEqual([2])
    expect(numbers(await keystore.epochs())).toEqual([2])
    await keystore.close()
    expect(numbers(await (await open()).epochs())).toEqual([2])
  })

  test('never fall, and one mark is left', async () => {
    const { keystore, open } = await openWorld(module)
    expect(numbers(await keystore.raiseEpochs(7))).toEqual([7])
    expect(numbers(await keystore.raiseEpochs(3))).toEqual([7])
    expect(numbers(await keystore.raiseEpochs(7))).toEqual([7])
    const other = await open()
    const wished = Array.from({ length: 20 }, (_, at) => at + 8)
    await Promise.all(wished.map((to, at) => (at % 2 === 0 ? keystore : other).raiseEpochs(to)))
    expect(numbers(await keystore.epochs())).toEqual([27])
    expect(numbers(await other.raiseEpochs(28))).toEqual([28])
  })

  test('of one app say nothing to another', async () => {
    const { keystore, open, token } = await openWorld(module)
    await keystore.raiseEpochs(9)
    const other = await open({ app: 'vau', keys: [] })
    expect(await other.epochs()).toEqual([{ label: token.tokenLabel }])
    await other.raiseEpochs(1)
    expect([numbers(await other.epochs()), numbers(await keystore.epochs())]).toEqual([[1], [9]])
  })

  test.each([0, -1, 1.5, Number.NaN, 2 ** 53])('%d is no epoch', async (to) => {
    const { keystore } = await openWorld(module)
    await expect(keystore.raiseEpochs(to)).rejects.toMatchObject({ reason: 'input-refused' })
  })
})

describe.each(testedModules.filter(({ executor }) => executor === 'inline'))('a mark on $name', (module) => {
  test('is one object, which is a key that may do nothing, or no key', async () => {
    const { keystore, token } = await openWorld(module)
    const session = rawSession(token)
    for (const to of [1, 2, 3]) await keystore.raiseEpochs(to)
    expect(marksIn(session)).toEqual([3])
    const [mark] = findMarks(session, app)
    if (mark === undefined) throw new Error('no mark')
    if (module.name === 'SoftHSM') return
    expect(() => session.encrypt({ mechanism: 0x1081 }, mark.object, new Uint8Array(16))).toThrow(/CKR_/)
    expect(() => session.sign(0x271, mark.object, new Uint8Array(16))).toThrow(/CKR_/)
  })

  test('that a kill left beside an older one counts; the next raise leaves one', async () => {
    const { keystore, token } = await openWorld(module)
    await keystore.raiseEpochs(4)
    const session = rawSession(token)
    const form = markForms.find((one) => session.findObjects(one.kind).length > 0)
    if (form === undefined) throw new Error('no form')
    makeMark(form, session, { app, number: 5 })
    expect(marksIn(session)).toEqual([4, 5])
    expect(numbers(await keystore.epochs())).toEqual([5])
    expect(numbers(await keystore.raiseEpochs(6))).toEqual([6])
    expect(marksIn(session)).toEqual([6])
  })

  test('keeps a token from being provisioned for a database that says less', async () => {
    const { token, keys } = await provisionedToken(module)
    const connection = { ...token, ...tenant, needs }
    const keystore = await openKeystore({ ...connection, keys })
    onTestFinished(() => keystore.close())
    await keystore.raiseEpochs(3)
    const make = (epoch: number) => provisionKeys({ ...connection, existing: [], epoch })
    await expect(make(0)).rejects.toMatchObject({ reason: 'database-behind' })
    await expect(make(2)).rejects.toThrow(/database is at epoch 2 and the token ".*" at 3: .*run accept-restore/)
    expect(await make(3)).toHaveLength(needs.length)
  })
})

describe('a process that is lost while it raises', () => {
  test.each([
    { step: 'before the new mark', dies: 'C_CreateObject', left: [1] },
    { step: 'between the new mark and the end of the old one', dies: 'C_DestroyObject', left: [1, 2] },
  ] as const)('$step: a number is there, none fell, and the next raise leaves one', async ({ dies, left }) => {
    const { token, device, open } = await makeProcessWorld()
    const keystore = await open()
    await keystore.raiseEpochs(1)
    device.crash([dies])
    await expect(keystore.raiseEpochs(2)).rejects.toMatchObject({ name: 'HsmUnavailable' })
    device.mend()
    await untilHealed(keystore)
    expect(marksIn(rawSession(token))).toEqual(left)
    expect(numbers(await keystore.epochs())).toEqual([Math.max(...left)])
    expect(numbers(await keystore.raiseEpochs(3))).toEqual([3])
    expect(marksIn(rawSession(token))).toEqual([3])
  })
})

describe('of several tokens', () => {
  test.each(testedRings)(
    '$name: those that are healthy are raised and tell; one that comes back later is behind',
    async (wished) => {
      const { tokens, open } = await makeRing(wished)
      const [a, b] = tokens
      const keystore = await open()
      expect(await keystore.raiseEpochs(1)).toEqual([
        { label: a.label, number: 1 },
        { label: b.label, number: 1 },
      ])
      unplug(b)
      await expect.poll(() => keystore.tokens().map(({ state }) => state)).toEqual(['healthy', 'away'])
      expect(await keystore.raiseEpochs(2)).toEqual([{ label: a.label, number: 2 }])
      expect(await keystore.epochs()).toEqual([{ label: a.label, number: 2 }])
      b.device.mend()
      await expect
        .poll(() => keystore.tokens().map(({ state }) => state), { timeout: 60_000 })
        .toEqual(['healthy', 'healthy'])
      expect(numbers(await keystore.epochs())).toEqual([2, 1])
      expect(numbers(await keystore.raiseEpochs(3))).toEqual([3, 3])
    },
    240_000,
  )
})

describe('a token with habits of its own', () => {
  const refuse = { name: 'CKR_ATTRIBUTE_VALUE_INVALID', code: 0x13 }

  test('that keeps no data keeps a key that may do nothing', async () => {
    const { token, device } = await moodyToken(softHsm)
    const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
    const keystore = await openKeystore({ ...token, ...tenant, keys, probeIntervalMs: 60_000 })
    onTestFinished(() => keystore.close())
    device.fail(['C_CreateObject'], refuse)
    expect(numbers(await keystore.raiseEpochs(1))).toEqual([1])
    expect(numbers(await keystore.raiseEpochs(2))).toEqual([2])
    const session = rawSession(token)
    expect(session.findObjects(keyForm?.kind ?? {})).toHaveLength(1)
    device.mend()
    // It learned the other form: what it says goes on from there.
    expect(numbers(await keystore.raiseEpochs(3))).toEqual([3])
    expect(session.findObjects(keyForm?.kind ?? {})).toHaveLength(0)
    expect(session.findObjects(dataForm?.kind ?? {})).toHaveLength(1)
  })

  test('that keeps neither says so, and no such word is taken from one that kept one before', async () => {
    const { token, device } = await moodyToken(softHsm)
    const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
    const keystore = await openKeystore({ ...token, ...tenant, keys, probeIntervalMs: 60_000 })
    onTestFinished(() => keystore.close())
    device.fail(['C_CreateObject', 'C_GenerateKey'], refuse)
    expect(await keystore.raiseEpochs(1)).toEqual([{ label: token.tokenLabel }])
    device.mend()
    expect(numbers(await keystore.raiseEpochs(1))).toEqual([1])
    device.fail(['C_CreateObject', 'C_GenerateKey'], refuse)
    await expect(keystore.raiseEpochs(2)).rejects.toMatchObject({ name: 'HsmUnavailable' })
  })
})
