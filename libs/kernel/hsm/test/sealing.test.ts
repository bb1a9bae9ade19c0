import { Secret } from '@strongroom/crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HsmRefusal, Unopenable } from '../src/index.ts'
import { testedModules } from './modules.ts'
import { binding, openWorld, otherBindings } from './world.ts'

describe.each(testedModules)('sealing on $name', (module) => {
  test('what was sealed opens, from nothing to a large document', async () => {
    const { keystore } = await openWorld(module)
    for (const length of [0, 1, 32, 4096, 4097, 300_000]) {
      const plaintext = new Secret(new Uint8Array(length).fill(7))
      const opened = await keystore.open(await keystore.seal(plaintext, binding), binding)
      expect(opened.equals(plaintext), `${length} bytes`).toBe(true)
    }
  })

  test('two seals of one value share no visible bytes', async () => {
    const { keystore } = await openWorld(module)
    const plaintext = new Secret('the same value')
    const [a, b] = [await keystore.seal(plaintext, binding), await keystore.seal(plaintext, binding)]
    expect(a).not.toEqual(b)
    expect(Buffer.from(a).includes('the same value')).toBe(false)
  })

  test.each(otherBindings)('a value of another %s does not open', async (_field, elsewhere) => {
    const { keystore } = await openWorld(module)
    const [small, large] = [new Secret('small'), new Secret(new Uint8Array(5000))]
    for (const plaintext of [small, large]) {
      const envelope = await keystore.seal(plaintext, binding)
      await expect(keystore.open(envelope, elsewhere)).rejects.toThrow(Unopenable)
    }
  })

  test('version 0 and no version are two versions, and an older one does not open as a newer', async () => {
    const { keystore } = await openWorld(module)
    const older = await keystore.seal(new Secret('old'), { ...binding, version: 1 })
    await expect(keystore.open(older, { ...binding, version: 2 })).rejects.toThrow(Unopenable)
    await expect(keystore.open(older, binding)).rejects.toThrow(Unopenable)
  })

  test('another app, another deployment and another token open nothing', async () => {
    const here = await openWorld(module)
    const envelope = await here.keystore.seal(new Secret('mine'), binding)
    const sibling = await here.open({ app: 'sibling' })
    const staging = await here.open({ deployment: 'staging' })
    const elsewhere = await openWorld(module)
    for (const keystore of [sibling, staging, elsewhere.keystore]) {
      await expect(keystore.open(envelope, binding)).rejects.toThrow(Unopenable)
    }
  })

  test('an envelope with any byte changed, cut off or added does not open, and the token stays in service', async () => {
    const { keystore } = await openWorld(module)
    const envelope = await keystore.seal(new Secret('precious'), binding)
    for (let at = 0; at < envelope.length; at++) {
      const flipped = Uint8Array.from(envelope, (byte, index) => (index === at ? byte ^ 0x01 : byte))
      await expect(keystore.open(flipped, binding), `byte ${at}`).rejects.toThrow(Unopenable)
    }
    const anyDamage = fc.oneof(
      fc
        .record({ at: fc.nat(envelope.length - 1), mask: fc.integer({ min: 1, max: 255 }) })
        .map(({ at, mask }) => Uint8Array.from(envelope, (byte, index) => (index === at ? byte ^ mask : byte))),
      fc.nat(envelope.length - 1).map((length) => envelope.slice(0, length)),
      fc.uint8Array({ minLength: 1, maxLength: 20 }).map((tail) => Uint8Array.of(...envelope, ...tail)),
      fc.uint8Array({ maxLength: 200 }),
    )
    await fc.assert(
      fc.asyncProperty(anyDamage, async (damaged) => {
        await expect(keystore.open(damaged, binding)).rejects.toThrow(Unopenable)
      }),
      { numRuns: 60 },
    )
    await expect(keystore.open(envelope, binding)).resolves.toBeInstanceOf(Secret)
  })

  test('a large value with any part of its body changed does not open', async () => {
    const { keystore } = await openWorld(module)
    const envelope = await keystore.seal(new Secret(new Uint8Array(5000)), binding)
    for (const at of [envelope.length - 1, envelope.length - 17, envelope.length - 2500, envelope.length - 5028]) {
      const flipped = Uint8Array.from(envelope, (byte, index) => (index === at ? byte ^ 0x80 : byte))
      await expect(keystore.open(flipped, binding), `byte ${at}`).rejects.toThrow(Unopenable)
    }
  })

  test('an issued key does not open as a sealed value, nor the other way round', async () => {
    const { keystore } = await openWorld(module)
    await expect(keystore.open(await keystore.issueKey(binding), binding)).rejects.toThrow(Unopenable)
    await expect(keystore.openKey(await keystore.seal(new Secret('x'), binding), binding)).rejects.toThrow(Unopenable)
  })

  test('a restart keeps everything', async () => {
    const { keystore, open } = await openWorld(module)
    const [sealed, issued] = [await keystore.seal(new Secret('kept'), binding), await keystore.issueKey(binding)]
    const [key, mac] = [await keystore.openKey(issued, binding), await keystore.mac('code', new Uint8Array(3))]
    await keystore.close()
    const again = await open()
    expect((await again.open(sealed, binding)).equals(new Secret('kept'))).toBe(true)
    expect((await again.openKey(issued, binding)).equals(key)).toBe(true)
    expect(await again.mac('code', new Uint8Array(3))).toEqual(mac)
  })

  test('a key that the app did not declare is named in the refusal', async () => {
    const { keys, open } = await openWorld(module)
    const poor = await open({ keys: keys.filter(({ job }) => job === 'mac') })
    await expect(poor.seal(new Secret('x'), binding)).rejects.toThrow(/did not declare a seal key/)
    await expect(poor.mac('unknown', new Uint8Array())).rejects.toThrow(HsmRefusal)
  })
})
