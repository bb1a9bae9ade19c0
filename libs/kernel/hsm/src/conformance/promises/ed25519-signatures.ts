import { ok, rejects } from 'node:assert/strict'
import { verify } from 'node:crypto'
import { toUtf8 } from '@strongroom/crypto'
import { HsmRefusal } from '../../errors.ts'
import { toEd25519PublicKey } from '../../keys/ed25519-key.ts'
import { different, isLong, same } from '../assertions.ts'
import { promisesOf } from '../token-promise.ts'

export const ed25519Signatures = promisesOf(
  { area: 'Ed25519 signatures', needs: ['sign-ed25519'] },
  {
    'an Ed25519 signature verifies under the published key, for its message alone, and is the same each time': async ({
      shared,
    }) => {
      const keystore = await shared()
      const key = await keystore.ed25519PublicKey('ledger')
      isLong(key, 32, 'the key')
      for (const message of [toUtf8('transaction'), new Uint8Array(), new Uint8Array(5000)]) {
        const signature = await keystore.signEd25519('ledger', message)
        isLong(signature, 64, 'the signature')
        ok(verify(null, message, toEd25519PublicKey(key), signature), 'the signature does not verify')
        ok(!verify(null, toUtf8('another'), toEd25519PublicKey(key), signature), 'it verifies for another message')
        same(await keystore.signEd25519('ledger', message), signature, 'the signature once more')
      }
    },

    'a restart keeps the Ed25519 key, and another token has another': async ({ shared, open, stranger }) => {
      const before = await shared()
      const key = await before.ed25519PublicKey('ledger')
      const signature = await before.signEd25519('ledger', toUtf8('transaction'))
      const after = await open()
      same(await after.ed25519PublicKey('ledger'), key, 'the key after a restart')
      same(await after.signEd25519('ledger', toUtf8('transaction')), signature, 'the signature after a restart')
      different(await (await stranger()).ed25519PublicKey('ledger'), key, 'keys of two tokens')
    },

    'the two kinds of signing keys are told apart, whatever their use is called': async ({ shared }) => {
      const keystore = await shared()
      await rejects(keystore.sign('ledger', new Uint8Array()), HsmRefusal)
      await rejects(keystore.signEd25519('audit', new Uint8Array()), HsmRefusal)
    },
  },
)
