import { Secret } from '@strongroom/crypto'
import { describe, expect, test } from 'vitest'
import { decodeEnvelope, encodeEnvelope } from '../src/envelope/codec.ts'
import { Unopenable } from '../src/index.ts'
import { testedModules } from './modules.ts'
import { binding, openWorld } from './world.ts'

describe.each(testedModules)('several recipients on $name', (module) => {
  test('each token opens the envelope by its own recipient, in either order, and a third token does not', async () => {
    const [a, b, stranger] = [await openWorld(module), await openWorld(module), await openWorld(module)]
    const [forA] = decodeEnvelope(await a.keystore.seal(new Secret('both'), binding)).recipients
    const [forB] = decodeEnvelope(await b.keystore.seal(new Secret('both'), binding)).recipients
    for (const recipients of [[forA, forB] as const, [forB, forA] as const]) {
      const envelope = encodeEnvelope({ kind: 'direct', recipients: [...recipients], body: new Uint8Array() })
      for (const { keystore } of [a, b]) {
        expect((await keystore.open(envelope, binding)).equals(new Secret('both'))).toBe(true)
      }
      await expect(stranger.keystore.open(envelope, binding)).rejects.toThrow(Unopenable)
    }
  })
})
