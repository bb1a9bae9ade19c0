import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Secret } from '@strongroom/crypto'
import { type HsmLog, HsmUnavailable, openKeystore, provisionKeys } from '../../src/index.ts'
import { oneClass } from '../../src/several/refuse-ring.ts'
import { memoryPinLatch } from '../../src/testing/index.ts'
import { binding, needs, rawSession, tenant } from '../world.ts'
import { freshRing, makeRing, type TestedRing, testedRings } from './ring-world.ts'

const [softHsm, inProcess] = testedRings as [TestedRing, TestedRing]
const message = new Uint8Array(2)

describe('a configuration that cannot be safe is refused before any token is asked', () => {
  const connection = {
    module: '/nowhere/libhsm.so',
    pin: new Secret('1234'),
    ...tenant,
    allowSoftware: 'any',
    pinLatch: memoryPinLatch(),
  } as const
  const labelled = (...labels: string[]) => labels.map((tokenLabel) => ({ ...connection, tokenLabel }))

  const cases: readonly (readonly [string, object, readonly [string, RegExp]])[] = [
    [
      'two tokens of one label',
      { tokens: labelled('a', 'b', 'a') },
      ['token-ambiguous', /configured by the label "a"/],
    ],
    ['no token', { tokens: [] }, ['tokens-refused', /one to 8 tokens/]],
    [
      'more tokens than an envelope takes',
      { tokens: labelled('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i') },
      ['tokens-refused', /not 9/],
    ],
    [
      'more recipients than tokens',
      { tokens: labelled('a', 'b'), minRecipients: 3 },
      ['tokens-refused', /3 tokens must hold/],
    ],
    [
      'more recipients than the one token',
      { tokens: labelled('a'), minRecipients: 2 },
      ['tokens-refused', /1 are configured/],
    ],
    [
      'tokens of two apps',
      { tokens: [...labelled('a'), { ...connection, tokenLabel: 'b', app: 'other' }] },
      ['tokens-refused', /one app of one deployment/],
    ],
  ]
  test.each(cases)('%s', async (_, options, [reason, says]) => {
    const attempt = openKeystore({ tokens: [], keys: [], ...options })
    await expect(attempt).rejects.toMatchObject({ reason })
    await expect(attempt).rejects.toThrow(says)
  })

  test('hardware beside software, by name', () => {
    const token = { manufacturer: '', model: '', serial: '' }
    const accept = oneClass()
    accept({ ...token, label: 'soft', software: true })
    accept({ ...token, label: 'other', software: true })
    expect(() => accept({ ...token, label: 'hard', software: false })).toThrow(
      /"soft" keeps its keys in software and "hard" in hardware/,
    )
  })
})

describe.each([softHsm, inProcess])('the start of $name', (ring) => {
  test('refuses records of two MAC keys, and a token whose keys are not recorded', async () => {
    const { keys, tokens, open } = await makeRing(ring)
    const [, b] = tokens
    const swapped = keys.map((key) =>
      key.token === b.label && key.use === 'code' ? { ...key, checkValue: new Uint8Array(32) } : key,
    )
    const attempt = open({ keys: swapped })
    await expect(attempt).rejects.toMatchObject({ reason: 'key-mismatch' })
    await expect(attempt).rejects.toThrow(/"ring-b" has another MAC key .* than the first: clone/)
    for (const job of ['seal', 'wrap', 'mac']) {
      const fewer = keys.filter((key) => key.token !== b.label || key.job !== job)
      await expect(open({ keys: fewer })).rejects.toThrow(/is recorded of the token "ring-b": provision/)
    }
  })

  test('refuses a token that does not hold its recorded keys, although another would do', async () => {
    const { tokens, open } = await makeRing(ring)
    const session = rawSession(tokens[1].soft)
    const [seal] = session.findObjects({ token: true, label: 'strongroom/vault/seal/v1' })
    if (seal) session.destroyObject(seal)
    await expect(open()).rejects.toMatchObject({ reason: 'key-missing' })
  })

  test('goes on without a token that is away, which joins when it comes', async () => {
    const { tokens, open } = await makeRing(ring)
    for (const away of tokens) {
      await away.soft.take()
      const log = vi.fn<HsmLog>()
      const hsm = await open({ log })
      expect(hsm.tokens().find(({ label }) => label === away.label)).toEqual({ label: away.label, state: 'away' })
      const kept = await hsm.seal(new Secret('kept'), binding)
      await hsm.check()
      await away.soft.bringBack()
      await vi.waitFor(() => expect(hsm.tokens().map(({ state }) => state)).toEqual(['healthy', 'healthy']), 60_000)
      expect(log).toHaveBeenCalledWith('hsm-recovered', expect.stringContaining(`${away.label}: `))
      expect(hsm.lacksRecipients(kept)).toBe(true)
      const complete = await hsm.completeRecipients(kept, binding)
      expect(hsm.lacksRecipients(complete ?? kept)).toBe(false)
      expect(await hsm.sign('audit', message)).toHaveLength(64)
      await hsm.close()
    }
  })

  test('wants as many tokens as must hold each value', async () => {
    const { tokens, open } = await makeRing(ring)
    await tokens[1].soft.take()
    await expect(open({ minRecipients: 2 })).rejects.toThrow(HsmUnavailable)
    await expect(open({ minRecipients: 1 })).resolves.toBeDefined()
    await tokens[0].soft.take()
    await expect(open()).rejects.toThrow(HsmUnavailable)
  })

  test('while a token is away that nobody has seen, what it may hold is an outage', async () => {
    const { tokens, open } = await makeRing(ring)
    const [a, b] = tokens
    await a.soft.take()
    const hsm = await open()
    const onlyB = await hsm.seal(new Secret('kept'), binding)
    await hsm.close()
    await a.soft.bringBack()
    await b.soft.take()
    const other = await open()
    await expect(other.open(onlyB, binding)).rejects.toThrow(HsmUnavailable)
    await expect(other.completeRecipients(onlyB, binding)).rejects.toThrow(HsmUnavailable)
    await b.soft.bringBack()
    await vi.waitFor(async () => expect((await other.open(onlyB, binding)).length).toBe(4), 60_000)
  })

  test('a token that comes with another key is kept out, and named', async () => {
    const { tokens, open, keys } = await makeRing(ring)
    const [, b] = tokens
    await b.soft.take()
    const log = vi.fn<HsmLog>()
    const swapped = keys.map((key) =>
      key.token === b.label && key.job === 'seal'
        ? { ...key, checkValue: key.checkValue.map((byte) => byte ^ 1) }
        : key,
    )
    const hsm = await open({ keys: swapped, log })
    await b.soft.bringBack()
    await vi.waitFor(() => expect(hsm.tokens()[1]).toEqual({ label: b.label, state: 'refused' }), 60_000)
    expect(log).toHaveBeenCalledWith('hsm-refused', expect.stringMatching(/^ring-b: .*is not the recorded one/))
    const logins = b.device.calls('C_Login')
    expect((await hsm.open(await hsm.seal(new Secret('kept'), binding), binding)).length).toBe(4)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(b.device.calls('C_Login')).toBe(logins)
  })

  test('a refused PIN of one token is tried once, and latched for that token alone', async () => {
    const { tokens, open } = await makeRing(ring)
    const [a, b] = tokens
    const wrong = { ...b.options, pin: new Secret('not the PIN') }
    const logins = b.device.calls('C_Login')
    await expect(open({ tokens: [a.options, wrong] })).rejects.toMatchObject({ reason: 'pin-refused' })
    await expect(open({ tokens: [a.options, wrong] })).rejects.toMatchObject({ reason: 'pin-latched' })
    expect(b.device.calls('C_Login')).toBe(logins + 1)
    expect(await a.options.pinLatch.read()).toBeUndefined()
    await expect(open()).resolves.toBeDefined()
  })
})

test('one token given as a list is that token: it must be there, and needs no label in its records', async () => {
  const [a, b] = await freshRing(softHsm)
  const keys = await provisionKeys({ tokens: [a.options], needs, existing: [] })
  expect(keys.every(({ token }) => token === undefined)).toBe(true)
  const hsm = await openKeystore({
    tokens: [a.options],
    keys: [...keys, ...keys.map((key) => ({ ...key, token: b.label }))],
  })
  onTestFinished(() => hsm.close())
  expect(hsm.tokens()).toMatchObject([{ label: a.label, state: 'healthy', description: { software: true } }])
  const kept = await hsm.seal(new Secret('kept'), binding)
  expect(hsm.lacksRecipients(kept)).toBe(false)
  expect(await hsm.completeRecipients(kept, binding)).toBeUndefined()
  const nobody = { ...a.options, tokenLabel: 'nobody' }
  await expect(openKeystore({ tokens: [nobody], keys })).rejects.toMatchObject({ reason: 'token-absent' })
})

test('beside others a token that no slot shows is away, and not a mistake that stops the service', async () => {
  const { tokens, keys, open } = await makeRing(softHsm)
  const [a, b] = tokens
  const renamed = keys.map((key) => (key.token === b.label ? { ...key, token: 'nobody' } : key))
  const log = vi.fn<HsmLog>()
  const hsm = await open({ tokens: [a.options, { ...b.options, tokenLabel: 'nobody' }], keys: renamed, log })
  expect(hsm.tokens()[1]).toEqual({ label: 'nobody', state: 'away' })
  expect(log).toHaveBeenCalledWith('hsm-lost', expect.stringContaining('no token is labelled "nobody"'))
})
