import { describe, expect, test } from 'vitest'
import { Unopenable } from '../src/index.ts'
import { testedModules } from './modules.ts'
import { binding, openWorld, otherBindings } from './world.ts'

describe.each(testedModules)('issued keys on $name', (module) => {
  test('a key is 256 bits, always the same one, and never the one before', async () => {
    const { keystore } = await openWorld(module)
    const envelope = await keystore.issueKey(binding)
    const key = await keystore.openKey(envelope, binding)
    expect(key.length).toBe(32)
    expect((await keystore.openKey(envelope, binding)).equals(key)).toBe(true)
    expect((await keystore.openKey(await keystore.issueKey(binding), binding)).equals(key)).toBe(false)
    expect(Buffer.from(envelope).includes(key.expose())).toBe(false)
  })

  test.each(otherBindings)('a key of another %s does not open', async (_field, elsewhere) => {
    const { keystore } = await openWorld(module)
    await expect(keystore.openKey(await keystore.issueKey(binding), elsewhere)).rejects.toThrow(Unopenable)
  })

  test('a key envelope with any byte changed does not open', async () => {
    const { keystore } = await openWorld(module)
    const envelope = await keystore.issueKey(binding)
    for (let at = 0; at < envelope.length; at++) {
      const flipped = Uint8Array.from(envelope, (byte, index) => (index === at ? byte ^ 0x10 : byte))
      await expect(keystore.openKey(flipped, binding), `byte ${at}`).rejects.toThrow(Unopenable)
    }
  })

  test("one token's keys do not open on another", async () => {
    const [here, there] = [await openWorld(module), await openWorld(module)]
    await expect(there.keystore.openKey(await here.keystore.issueKey(binding), binding)).rejects.toThrow(Unopenable)
  })
})
