import { ok, rejects } from 'node:assert/strict'
import { verify } from 'node:crypto'
import { toUtf8 } from '@strongroom/crypto'
import { toPublicKey } from '../../keys/public-point.ts'
import { different, isLong, same } from '../assertions.ts'
import { promisesOf } from '../token-promise.ts'

export const macs = promisesOf(
  { area: 'MACs', needs: ['mac'] },
  {
    'a MAC is 64 bytes, repeatable, and another for each message and token': async ({ shared, stranger }) => {
      const [here, there] = [await shared(), await stranger()]
      const mac = await here.mac('code', toUtf8('123456'))
      isLong(mac, 64, 'the MAC')
      same(await here.mac('code', toUtf8('123456')), mac, 'the MAC once more')
      different(await here.mac('code', toUtf8('123457')), mac, 'MACs of two messages')
      different(await there.mac('code', toUtf8('123456')), mac, 'MACs of two tokens')
      isLong(await here.mac('code', new Uint8Array()), 64, 'the MAC of nothing')
    },

    'a restart keeps every MAC': async ({ shared, open }) => {
      const mac = await (await shared()).mac('code', new Uint8Array(3))
      same(await (await open()).mac('code', new Uint8Array(3)), mac, 'the MAC after a restart')
    },

    'nobody can MAC under the key of the locks': async ({ shared }) => {
      await rejects((await shared()).mac('lock', new Uint8Array()), /locked keys alone/)
    },
  },
)

export const signatures = promisesOf(
  { area: 'signatures', needs: ['sign'] },
  {
    'a signature verifies under the published point, for its message alone': async ({ shared }) => {
      const keystore = await shared()
      const point = await keystore.publicKey('audit')
      isLong(point, 65, 'the point')
      const signature = await keystore.sign('audit', toUtf8('head'))
      isLong(signature, 64, 'the signature')
      const key = { key: toPublicKey(point), dsaEncoding: 'ieee-p1363' } as const
      ok(verify('sha256', toUtf8('head'), key, signature), 'the signature does not verify')
      ok(!verify('sha256', toUtf8('tail'), key, signature), 'the signature verifies for another message')
    },

    'a restart keeps the point, and another token has another': async ({ shared, open, stranger }) => {
      const point = await (await shared()).publicKey('audit')
      same(await (await open()).publicKey('audit'), point, 'the point after a restart')
      different(await (await stranger()).publicKey('audit'), point, 'points of two tokens')
    },
  },
)
