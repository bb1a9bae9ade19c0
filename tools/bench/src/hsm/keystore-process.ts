import { Secret } from '@strongroom/crypto'
import { type Binding, openKeystore } from '@strongroom/hsm'
import { answerRepeats } from './repeat.ts'
import { MAC_USE, provisionToken, tenant } from './token.ts'

// The keystore as a service uses it: its own interface, each call awaited.
const { token, keys } = await provisionToken(process.env['BENCH_MODULE'])
const keystore = await openKeystore({ ...token, ...tenant, keys })
const id = '3f0c1de2-7f2c-4b1a-9c36-0c55b1f0a001'
const binding: Binding = { table: 'pin_keys.keys', row: id, owner: id, purpose: 'encryption-key', version: 1 }
const request = { binding, factor: new Secret('1234') }
const locked = await keystore.issueLockedKey(request)
const message = new Uint8Array(64)
const plaintext = new Secret(new Uint8Array(32))

process.on('exit', () => void token.remove())
answerRepeats({
  mac: () => keystore.mac(MAC_USE, message),
  'seal-open': async () => keystore.open(await keystore.seal(plaintext, binding), binding),
  'open-locked': () => keystore.openLockedKey(request, locked),
  'issue-locked': () => keystore.issueLockedKey(request),
})
