import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { HsmRefusal, openKeystore, provisionKeys, Unsupported } from '../src/index.ts'
import { makeKey } from '../src/keys/make-key.ts'
import { proveCapabilities } from '../src/strategies/capabilities.ts'
import { injectFaults, memoryPinLatch } from '../src/testing/index.ts'
import { CKO } from '../src/pkcs11/cryptoki.ts'
import { acquireModule } from '../src/pkcs11/module-registry.ts'
import { Session } from '../src/pkcs11/session.ts'
import { findToken } from '../src/pkcs11/token.ts'
import { testedModules } from './modules.ts'
import { binding, freshToken, needs, openWorld, placeOf, rawSession, tenant } from './world.ts'

describe('a start that cannot work says why', () => {
  const connection = {
    tokenLabel: 'x',
    pin: {} as never,
    ...tenant,
    allowSoftware: 'any',
    pinLatch: memoryPinLatch(),
  } as const

  test('the module is missing', async () => {
    const attempt = openKeystore({ ...connection, module: '/nowhere/libhsm.so', keys: [] })
    await expect(attempt).rejects.toThrow(/no PKCS#11 module at \/nowhere\/libhsm.so: install it/)
  })

  test('the module is not a module', async () => {
    const attempt = openKeystore({ ...connection, module: import.meta.filename, keys: [] })
    await expect(attempt).rejects.toMatchObject({ reason: 'module-invalid' })
  })
})

describe.each(testedModules)('start on $name', (module) => {
  test('an absent token is named', async () => {
    const { open } = await openWorld(module)
    await expect(open({ tokenLabel: 'nobody' })).rejects.toThrow(/no token is labelled "nobody"/)
  })

  test('software is refused unless it is allowed by its model', async () => {
    const { open } = await openWorld(module)
    await expect(open({ allowSoftware: [] })).rejects.toMatchObject({ reason: 'software-refused' })
    await expect(open({ allowSoftware: ['Luna'] })).rejects.toThrow(`allow the model "${module.model}"`)
    await expect(open({ allowSoftware: [module.model] })).resolves.toBeDefined()
  })

  test('a recorded key that is gone is never replaced', async () => {
    const { token, keys } = await openWorld(module)
    const session = rawSession(token)
    const [seal] = session.findObjects({ token: true, label: 'strongroom/vault/seal/v1' })
    if (seal) session.destroyObject(seal)
    const attempt = provisionKeys({ ...token, ...tenant, needs, existing: keys })
    await expect(attempt).rejects.toMatchObject({ reason: 'key-missing' })
    expect(session.findObjects({ token: true, label: 'strongroom/vault/seal/v1' })).toHaveLength(0)
  })

  test.each(['seal', 'wrap', 'mac', 'sign'] as const)(
    'another %s key under the same label refuses to start',
    async (job) => {
      const { token, keys, open } = await openWorld(module)
      const other = await provisionKeys({ ...(await freshToken(module)), ...tenant, needs, existing: [] })
      const swapped = keys.map((key) =>
        key.job === job ? { ...key, checkValue: checkValueOf(other, key.label) } : key,
      )
      await expect(open({ keys: swapped })).rejects.toMatchObject({ reason: 'key-mismatch' })
      await expect(provisionKeys({ ...token, ...tenant, needs, existing: swapped })).rejects.toThrow(HsmRefusal)
    },
  )

  test('a private key that does not belong to the recorded public key refuses to start', async () => {
    const { token, keys, open } = await openWorld(module)
    const record = keys.find(({ job }) => job === 'sign')
    if (record === undefined) throw new Error('no signing key')
    const session = rawSession(token)
    const halves = (kind: number) => session.findObjects({ class: kind, token: true, label: record.label })
    const [privateKey] = halves(CKO.privateKey)
    const publicKeys = new Set(halves(CKO.publicKey).map((handle) => handle.toString('hex')))
    if (privateKey) session.destroyObject(privateKey)
    const capabilities = proveCapabilities(() => rawSession(token))
    makeKey({ session, capabilities, mechanismLists: module.mechanismLists, software: true }, record)
    for (const handle of halves(CKO.publicKey)) {
      if (!publicKeys.has(handle.toString('hex'))) session.destroyObject(handle)
    }
    await expect(open()).rejects.toMatchObject({ reason: 'key-mismatch' })
  })

  test('two keys of one label are refused', async () => {
    const { token, keys, open } = await openWorld(module)
    const [record] = keys
    if (record === undefined) throw new Error('no key')
    const session = rawSession(token)
    const capabilities = proveCapabilities(() => rawSession(token))
    makeKey({ session, capabilities, mechanismLists: 'ignored', software: true }, record)
    await expect(open()).rejects.toMatchObject({ reason: 'key-ambiguous' })
  })

  test('a key that a crash left unrecorded is adopted, not doubled', async () => {
    const token = await freshToken(module)
    const lost = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
    const made = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
    expect(made.map(({ label }) => label)).toEqual(lost.map(({ label }) => label))
    const keystore = await openKeystore({ ...token, ...tenant, ...placeOf(module), keys: made })
    expect(await keystore.openKey(await keystore.issueKey(binding), binding)).toHaveLength(32)
    await keystore.close()
  })

  test('provisioning answers what it made and nothing else', async () => {
    const { token, keys } = await openWorld(module)
    expect(await provisionKeys({ ...token, ...tenant, needs, existing: keys })).toEqual([])
    const more = [...needs, { job: 'mac', use: 'invite' } as const]
    const made = await provisionKeys({ ...token, ...tenant, needs: more, existing: keys })
    expect(made).toMatchObject([{ job: 'mac', use: 'invite', version: 1, label: 'strongroom/vault/mac/invite/v1' }])
  })

  test('a token without GCM is told apart, by its capability and not by its mechanism list', async () => {
    const token = await freshToken(module)
    const device = injectFaults(token.module)
    device.fail(['C_EncryptInit'], { name: 'CKR_MECHANISM_INVALID', code: 0x70 })
    const attempt = provisionKeys({ ...token, ...tenant, needs, existing: [] })
    await expect(attempt).rejects.toThrow(Unsupported)
    await expect(attempt).rejects.toThrow(/sealing/)
    device.release()
  })

  test('a token without key wrapping seals, and says that it cannot issue', async () => {
    const token = await freshToken(module)
    const device = injectFaults(token.module)
    device.fail(['C_WrapKey'], { name: 'CKR_FUNCTION_NOT_SUPPORTED', code: 0x54 })
    const few = needs.filter(({ job }) => job !== 'wrap')
    const keys = await provisionKeys({ ...token, ...tenant, needs: few, existing: [] })
    const keystore = await openKeystore({ ...token, ...tenant, ...placeOf(module), keys })
    const lock = { binding, factor: token.pin }
    await expect(keystore.issueLockedKey(lock)).rejects.toThrow(Unsupported)
    await expect(provisionKeys({ ...token, ...tenant, needs, existing: keys })).rejects.toThrow(/key wrapping/)
    await keystore.close()
    device.release()
  })

  test('one module file cannot serve two configurations at once', async () => {
    const { token } = await openWorld(module)
    const used = acquireModule(token.module)
    const other = join(token.directory, 'other.conf')
    writeFileSync(other, '')
    const source = { ...token.module, environment: { SOFTHSM2_CONF: other } }
    expect(() => acquireModule(source)).toThrow(/in use with other settings/)
    const found = acquireModule(token.module)
    expect(new Session(found.pkcs11, findToken(found.pkcs11, token.tokenLabel).slot, 'read-only')).toBeDefined()
    found.release()
    used.release()
  })
})

const checkValueOf = (keys: readonly { label: string; checkValue: Uint8Array }[], label: string): Uint8Array =>
  keys.find((key) => key.label === label)?.checkValue ?? new Uint8Array()
