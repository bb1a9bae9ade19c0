import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openKeystore } from '../src/index.ts'
import { memoryPinLatch } from '../src/testing/index.ts'
import { acquireModule } from '../src/pkcs11/module-registry.ts'
import { Session } from '../src/pkcs11/session.ts'
import { findToken } from '../src/pkcs11/token.ts'
import { inlineModules } from './modules.ts'
import { openWorld, tenant } from './world.ts'

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

describe.each(inlineModules)('start on $name', (module) => {
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
