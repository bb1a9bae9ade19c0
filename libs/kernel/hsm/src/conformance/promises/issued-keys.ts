import { ok } from 'node:assert/strict'
import { different, everyFlip, isLong, opensNot, same, sameSecret, secretOf } from '../assertions.ts'
import { promisesOf } from '../token-promise.ts'
import { binding, otherBindings } from '../trial.ts'

export const issuedKeys = promisesOf(
  { area: 'issued keys', needs: ['seal', 'wrap'] },
  {
    'a key is 256 bits, always the same one, and never the one before': async ({ shared }) => {
      const keystore = await shared()
      const envelope = await keystore.issueKey(binding)
      const key = await keystore.openKey(envelope, binding)
      isLong(key, 32, 'the key')
      sameSecret(await keystore.openKey(envelope, binding), key, 'the key opened again')
      const other = await keystore.openKey(await keystore.issueKey(binding), binding)
      different(other.expose(), key.expose(), 'two keys')
      ok(!Buffer.from(envelope).includes(key.expose()), 'the key shows')
    },

    'a key of another row, owner, purpose or version does not open': async ({ shared }) => {
      const keystore = await shared()
      const envelope = await keystore.issueKey(binding)
      for (const elsewhere of otherBindings) await opensNot(keystore.openKey(envelope, elsewhere), 'a key of elsewhere')
    },

    'a key envelope with any byte changed does not open': async ({ shared }) => {
      const keystore = await shared()
      for (const damaged of everyFlip(await keystore.issueKey(binding), 0x10)) {
        await opensNot(keystore.openKey(damaged, binding), 'a damaged key')
      }
    },

    "another token's keys do not open": async ({ shared, stranger }) => {
      const [here, there] = [await shared(), await stranger()]
      await opensNot(there.openKey(await here.issueKey(binding), binding), 'a key of another token')
    },

    'an issued key does not open as a sealed value, nor the other way round': async ({ shared }) => {
      const keystore = await shared()
      await opensNot(keystore.open(await keystore.issueKey(binding), binding), 'a key as a value')
      await opensNot(keystore.openKey(await keystore.seal(secretOf(1), binding), binding), 'a value as a key')
    },

    'a restart keeps every key': async ({ shared, open }) => {
      const before = await shared()
      const envelope = await before.issueKey(binding)
      const key = await before.openKey(envelope, binding)
      same((await (await open()).openKey(envelope, binding)).expose(), key.expose(), 'the key after a restart')
    },
  },
)
