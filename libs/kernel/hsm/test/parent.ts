import { text } from 'node:stream/consumers'
import { Secret } from '@strongroom/crypto'
import { type KeyRecord, type KeystoreOptions, openKeystore } from '../src/index.ts'
import { memoryPinLatch } from '../src/testing/index.ts'

interface Given extends Omit<KeystoreOptions, 'pin' | 'keys'> {
  readonly pin: string
  readonly keys: readonly (Omit<KeyRecord, 'checkValue'> & { readonly checkValue: string })[]
}

// A service that has opened its token in a process of its own and is asked to sign; killed by the test that started it.
const given = JSON.parse(await text(process.stdin)) as Given
const keystore = await openKeystore({
  ...given,
  pin: new Secret(given.pin),
  keys: given.keys.map((key) => ({ ...key, checkValue: new Uint8Array(Buffer.from(key.checkValue, 'hex')) })),
  pinLatch: memoryPinLatch(),
  executor: 'process',
  sessions: 1,
})
process.on('message', () => void keystore.mac('code', new Uint8Array(3)))
process.send?.('ready')
