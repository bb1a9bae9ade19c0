import { ok, rejects } from 'node:assert/strict'
import { Secret } from '@strongroom/crypto'
import { HsmRefusal } from '../../errors.ts'
import { damages, different, everyFlip, flip, opensNot, same, sameSecret, secretOf } from '../assertions.ts'
import { promisesOf } from '../token-promise.ts'
import { decodeEnvelope, encodeEnvelope } from '../../envelope/codec.ts'
import { binding, otherBindings } from '../trial.ts'

export const sealing = promisesOf(
  { area: 'sealing', needs: ['seal'] },
  {
    'what was sealed opens, from nothing to a large document': async ({ shared }) => {
      const keystore = await shared()
      for (const length of [0, 1, 32, 4096, 4097, 300_000]) {
        const plaintext = secretOf(length)
        const opened = await keystore.open(await keystore.seal(plaintext, binding), binding)
        sameSecret(opened, plaintext, `${length} bytes`)
      }
    },

    'two seals of one value share no visible bytes': async ({ shared }) => {
      const keystore = await shared()
      const plaintext = new Secret('the same value')
      const [a, b] = [await keystore.seal(plaintext, binding), await keystore.seal(plaintext, binding)]
      different(a, b, 'two seals')
      ok(!Buffer.from(a).includes('the same value'), 'the plaintext shows')
    },

    'a value of another row, owner, purpose or version does not open': async ({ shared }) => {
      const keystore = await shared()
      for (const plaintext of [secretOf(5), secretOf(5000)]) {
        const envelope = await keystore.seal(plaintext, binding)
        for (const elsewhere of otherBindings)
          await opensNot(keystore.open(envelope, elsewhere), 'a value of elsewhere')
      }
      const older = await keystore.seal(secretOf(3), { ...binding, version: 1 })
      await opensNot(keystore.open(older, { ...binding, version: 2 }), 'an older version')
      await opensNot(keystore.open(older, binding), 'a version where none is meant')
    },

    'another app, another deployment and another token open nothing': async ({ shared, open, stranger }) => {
      const keystore = await shared()
      const envelope = await keystore.seal(secretOf(4), binding)
      const others = [await open({ app: 'sibling' }), await open({ deployment: 'staging' }), await stranger()]
      for (const other of others) await opensNot(other.open(envelope, binding), 'a value of others')
    },

    'an envelope with any byte changed, cut off or added does not open, and the token stays in service': async ({
      shared,
    }) => {
      const keystore = await shared()
      const envelope = await keystore.seal(new Secret('precious'), binding)
      for (const damaged of [...everyFlip(envelope), ...damages(envelope, 60)]) {
        await opensNot(keystore.open(damaged, binding), 'a damaged envelope')
      }
      sameSecret(await keystore.open(envelope, binding), new Secret('precious'), 'the envelope itself')
    },

    'a large value with any part of its body changed does not open': async ({ shared }) => {
      const keystore = await shared()
      const envelope = await keystore.seal(secretOf(5000), binding)
      for (const fromEnd of [1, 17, 2500, 5028]) {
        await opensNot(keystore.open(flip(envelope, envelope.length - fromEnd, 0x80), binding), 'a damaged body')
      }
    },

    'a restart keeps everything': async ({ shared, open }) => {
      const envelope = await (await shared()).seal(new Secret('kept'), binding)
      const after = await open()
      sameSecret(await after.open(envelope, binding), new Secret('kept'), 'what was sealed before')
    },

    'a key that the app did not declare is named in the refusal': async ({ open }) => {
      const poor = await open({ keys: [] })
      await rejects(poor.seal(secretOf(1), binding), /did not declare a seal key/)
      await rejects(poor.mac('unknown', new Uint8Array()), HsmRefusal)
    },

    'an envelope for two tokens opens on each by its own recipient, and on no third': async (trial) => {
      const [here, there] = [await trial.shared(), await trial.stranger()]
      const value = new Secret('both')
      const [forHere] = decodeEnvelope(await here.seal(value, binding)).recipients
      const [forThere] = decodeEnvelope(await there.seal(value, binding)).recipients
      for (const recipients of [[forHere, forThere] as const, [forThere, forHere] as const]) {
        const envelope = encodeEnvelope({ kind: 'direct', recipients: [...recipients], body: new Uint8Array() })
        for (const keystore of [here, there])
          same((await keystore.open(envelope, binding)).expose(), value.expose(), 'both')
      }
      const others = [forThere, { ...forHere, keyId: flip(forHere.keyId, 0) }] as const
      const foreign = encodeEnvelope({ kind: 'direct', recipients: [...others], body: new Uint8Array() })
      await opensNot(here.open(foreign, binding), 'an envelope for two others')
    },
  },
)
