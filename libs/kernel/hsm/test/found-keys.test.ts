import { randomBytes } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type FoundKey, openKeystore, provisionKeys } from '../src/index.ts'
import { refuseUnfitKey } from '../src/keys/key-attributes.ts'
import { decodeKeyName, encodeKeyName } from '../src/keys/locate-key.ts'
import { attributesOf, jobTemplates, publicAttributes, templateOf } from '../src/keys/job-templates.ts'
import { CKM } from '../src/pkcs11/cryptoki.ts'
import { DeviceError } from '../src/pkcs11/device-error.ts'
import { type Attributes, encodeMechanisms } from '../src/pkcs11/template.ts'
import type { ShimFaults, SoftToken } from '../src/testing/index.ts'
import { binding, rawSession, tenant } from './world.ts'
import { lockNeed, moodyToken, nss, sealNeed, softHsm, wrapNeed } from './ways-world.ts'

const kept = new Secret('kept')
const id = Uint8Array.of(1, 2, 0xab)

interface Ceremony {
  readonly label?: string
  readonly id?: Uint8Array
  readonly mechanisms: readonly number[]
  readonly but?: Attributes
}

/** As somebody else makes a key, with care or without. */
function makeAside(token: SoftToken, job: 'seal' | 'wrap' | 'mac', { mechanisms, but, ...name }: Ceremony): void {
  const { keyType } = jobTemplates[job]
  const generation = keyType === jobTemplates.mac.keyType ? CKM.genericSecretKeyGen : CKM.aesKeyGen
  const attributes = { ...attributesOf(jobTemplates[job]), token: true, ...name, ...but }
  const bound = isBound(token) ? { allowedMechanisms: encodeMechanisms(mechanisms) } : {}
  rawSession(token).generateKey(generation, { ...attributes, ...bound })
}

const isBound = ({ module }: SoftToken): boolean => (module.environment ?? {})['SOFTHSM2_CONF'] !== undefined

const foundOn = (
  token: SoftToken,
  found: readonly FoundKey[],
  needs = [sealNeed] as readonly { job: 'seal'; use: '' }[],
) => provisionKeys({ ...token, ...tenant, needs, existing: [], found })

async function sealsOn(token: SoftToken, keys: Awaited<ReturnType<typeof provisionKeys>>, device?: ShimFaults) {
  const keystore = await openKeystore({ ...token, ...tenant, keys, probeIntervalMs: 60_000 })
  onTestFinished(async () => {
    device?.mend()
    await keystore.close()
  })
  expect((await keystore.open(await keystore.seal(kept, binding), binding)).equals(kept)).toBe(true)
}

describe.each([softHsm, nss])('a key that was made elsewhere, on $name', (module) => {
  test('serves under its own label or its id, is recorded by it, and nothing is made', async () => {
    const { token, device } = await moodyToken(module)
    makeAside(token, 'seal', { label: 'kek of the ceremony', id, mechanisms: [CKM.aesGcm] })
    const made = device.calls('C_GenerateKey')
    for (const name of [{ label: 'kek of the ceremony' }, { id }]) {
      const keys = await foundOn(token, [{ job: 'seal', use: '', ...name }])
      expect(keys.map(({ label, strategy }) => [label, strategy])).toEqual([[encodeKeyName(name), 'hsm-gcm']])
      await sealsOn(token, keys)
      const again = await provisionKeys({
        ...token,
        ...tenant,
        needs: [sealNeed],
        existing: keys,
        found: [{ job: 'seal', use: '', ...name }],
      })
      expect(again).toEqual([])
    }
    // Throw-away keys of the probes alone.
    expect(rawSession(token).findObjects({ token: true })).toHaveLength(1)
    expect(device.calls('C_GenerateKey')).toBeGreaterThanOrEqual(made)
  })

  test('is refused where it is not there, and never made', async () => {
    const { token } = await moodyToken(module)
    for (const name of [{ label: 'nobody' }, { id: randomBytes(4) }])
      for (const need of [sealNeed, wrapNeed, lockNeed]) {
        const found = [{ ...need, ...name }]
        const provisioning = provisionKeys({ ...token, ...tenant, needs: [need], existing: [], found })
        await expect(provisioning).rejects.toMatchObject({ reason: 'key-missing' })
      }
    expect(rawSession(token).findObjects({ token: true })).toEqual([])
  })

  test.each([
    ['extractable', { extractable: true }],
    ['wrap', { wrap: true }],
    ['valueLength', { valueLength: 16 }],
  ] as const)('is refused for another %s than one of ours', async (name, but) => {
    const { token } = await moodyToken(module)
    makeAside(token, 'seal', { label: 'weak', id, mechanisms: [CKM.aesGcm], but })
    await expect(foundOn(token, [{ job: 'seal', use: '', label: 'weak' }])).rejects.toMatchObject({
      reason: 'key-unfit',
      message: expect.stringContaining(`"weak" has another ${name}`),
    })
  })

  test('of two under one name neither is taken', async () => {
    const { token } = await moodyToken(module)
    for (const last of [1, 2])
      makeAside(token, 'seal', { label: 'twin', id: Uint8Array.of(last), mechanisms: [CKM.aesGcm] })
    await expect(foundOn(token, [{ job: 'seal', use: '', label: 'twin' }])).rejects.toMatchObject({
      reason: 'key-ambiguous',
    })
  })

  test('with a companion beside it seals by CBC where there is no GCM; without one it cannot', async () => {
    const { token, device } = await moodyToken(module)
    device.rename(CKM.aesGcm, 0x80001087)
    makeAside(token, 'seal', { label: 'kek', id, mechanisms: [CKM.aesCbc] })
    const found = [{ job: 'seal', use: '', label: 'kek' }] as const
    await expect(foundOn(token, found)).rejects.toMatchObject({ name: 'Unsupported' })
    makeAside(token, 'mac', { label: 'kek/mac', id: Uint8Array.of(...id, 0x6d), mechanisms: [CKM.sha512Hmac] })
    const keys = await foundOn(token, found)
    expect(keys[0]?.strategy).toBe('hsm-cbc-hmac')
    await sealsOn(token, keys)
  })

  test('does not take the companion of another key for its own', async () => {
    const { token, device } = await moodyToken(module)
    device.rename(CKM.aesGcm, 0x80001087)
    makeAside(token, 'seal', { label: 'kek', id, mechanisms: [CKM.aesCbc] })
    makeAside(token, 'mac', { label: 'kek/mac', id: Uint8Array.of(9, 9), mechanisms: [CKM.sha512Hmac] })
    await expect(foundOn(token, [{ job: 'seal', use: '', label: 'kek' }])).rejects.toMatchObject({
      reason: 'key-mismatch',
      message: expect.stringContaining('"kek/mac" is not the companion of "kek"'),
    })
  })

  test('on a token that neither imports nor generates is proved itself, and opens keystores again', async () => {
    const { token, device } = await moodyToken(module)
    makeAside(token, 'seal', { label: 'kek', id, mechanisms: [CKM.aesGcm] })
    const nothingNew = () =>
      device.fail(['C_CreateObject', 'C_GenerateKey', 'C_GenerateKeyPair', 'C_CopyObject'], {
        name: 'CKR_FUNCTION_NOT_SUPPORTED',
        code: 0x54,
      })
    nothingNew()
    const keys = await foundOn(token, [{ job: 'seal', use: '', label: 'kek' }])
    expect(keys[0]?.strategy).toBe('hsm-gcm')
    await sealsOn(token, keys, device)
  })

  test('that is a pair seals by OAEP, and wraps where it may', async () => {
    const { token } = await moodyToken(module)
    const suffix =
      module === softHsm
        ? { seal: 'hsm-rsa-oaep-sha1', wrap: 'rsa-oaep-wrap-sha1' }
        : { seal: 'hsm-rsa-oaep', wrap: 'rsa-oaep-wrap' }
    for (const job of ['seal', 'wrap'] as const) {
      const kind = { job, strategy: suffix[job] }
      const place = { token: true, label: `pair ${job}`, id: Uint8Array.of(job.length, job.charCodeAt(0)) }
      const bound = isBound(token) ? { allowedMechanisms: encodeMechanisms([CKM.rsaPkcsOaep]) } : {}
      rawSession(token).generateKeyPair(CKM.rsaPkcsKeyPairGen, {
        publicKey: { ...publicAttributes(kind), ...place, private: false },
        privateKey: { ...attributesOf(templateOf(kind)), ...place, ...bound },
      })
      if (job === 'seal')
        makeAside(token, 'mac', { label: 'pair seal/mac', id: place.id, mechanisms: [CKM.sha512Hmac] })
    }
    const found = (['seal', 'wrap'] as const).map((job) => ({ job, use: '', label: `pair ${job}` }))
    const keys = await provisionKeys({
      ...token,
      ...tenant,
      needs: [sealNeed, wrapNeed, lockNeed],
      existing: [],
      found,
    })
    expect(keys.map(({ strategy }) => strategy)).toEqual([suffix.seal, suffix.wrap, 'hmac-sha512'])
    await sealsOn(token, keys)
  })
})

describe('what the vendor cannot express', () => {
  test('may be missing where a profile says so, and is refused without', async () => {
    const { token, device } = await moodyToken()
    makeAside(token, 'seal', { label: 'kek', id, mechanisms: [CKM.aesGcm] })
    const found = [{ job: 'seal', use: '', label: 'kek' }] as const
    const session = rawSession(token)
    const [handle = Buffer.alloc(0)] = session.findObjects({ label: 'kek', token: true })
    const silent = Object.create(session) as typeof session
    const read = session.readAttribute.bind(session)
    silent.readAttribute = (object, name) => {
      if (name === 'wrap' || name === 'unwrap')
        throw new DeviceError('CKR_ATTRIBUTE_TYPE_INVALID', 0x12, 'C_GetAttributeValue')
      return read(object, name)
    }
    const record = { job: 'seal', use: '', version: 1, label: 'kek', strategy: 'hsm-gcm' } as const
    const access = { session: silent, capabilities: {} as never, mechanismLists: 'ignored', software: true } as const
    expect(() => refuseUnfitKey(access, { record, handle })).toThrow(/another wrap/)
    const profile = { name: 'none', inexpressible: ['wrap', 'unwrap'] } as const
    expect(() => refuseUnfitKey({ ...access, profile }, { record, handle })).not.toThrow()
    silent.readAttribute = (object, name) => (name === 'wrap' ? Uint8Array.of(1) : read(object, name))
    expect(() => refuseUnfitKey({ ...access, profile }, { record, handle })).toThrow(/another wrap/)
    expect((await foundOn(token, found)).length).toBe(1)
    device.mend()
  })
})

test('a name is written as it is, an id as a URI, and nothing is read as either that is not', () => {
  expect(encodeKeyName({ id })).toBe('pkcs11:id=%01%02%ab')
  expect(decodeKeyName('pkcs11:id=%01%02%ab')).toEqual({ id })
  expect(decodeKeyName('strongroom/vault/seal/v1')).toEqual({ label: 'strongroom/vault/seal/v1' })
  for (const wrong of ['pkcs11:id=', 'pkcs11:id=%0', 'pkcs11:id=%01;object=x', 'pkcs11:id=zz'])
    expect(() => decodeKeyName(wrong)).toThrow(/names no key/)
})
