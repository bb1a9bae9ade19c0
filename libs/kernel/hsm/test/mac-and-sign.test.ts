import { verify } from 'node:crypto'
import { toUtf8 } from '@strongroom/crypto'
import { describe, expect, test } from 'vitest'
import { toPublicKey } from '../src/keys/public-point.ts'
import { testedModules } from './modules.ts'
import { openWorld } from './world.ts'

describe.each(testedModules)('MACs and signatures on $name', (module) => {
  test('a MAC is 64 bytes, repeatable, and another for each message and token', async () => {
    const [here, there] = [await openWorld(module), await openWorld(module)]
    const mac = await here.keystore.mac('code', toUtf8('123456'))
    expect(mac).toHaveLength(64)
    expect(await here.keystore.mac('code', toUtf8('123456'))).toEqual(mac)
    expect(await here.keystore.mac('code', toUtf8('123457'))).not.toEqual(mac)
    expect(await there.keystore.mac('code', toUtf8('123456'))).not.toEqual(mac)
    expect(await here.keystore.mac('code', new Uint8Array())).toHaveLength(64)
  })

  test('a signature verifies under the published point, for its message alone', async () => {
    const { keystore } = await openWorld(module)
    const point = await keystore.publicKey('audit')
    expect(point).toHaveLength(65)
    const signature = await keystore.sign('audit', toUtf8('head'))
    expect(signature).toHaveLength(64)
    const key = { key: toPublicKey(point), dsaEncoding: 'ieee-p1363' } as const
    expect(verify('sha256', toUtf8('head'), key, signature)).toBe(true)
    expect(verify('sha256', toUtf8('tail'), key, signature)).toBe(false)
  })

  test('a token describes itself, as software where it is', async () => {
    const { keystore, token } = await openWorld(module)
    expect(keystore.describe()).toMatchObject({ label: token.tokenLabel, model: module.model, software: true })
  })
})
