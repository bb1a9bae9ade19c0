import { randomBytes } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { type Binding, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import { answerRepeats } from './repeat.ts'
import { MAC_USE, needs, tenant } from './token.ts'

// Every value held by two tokens, inline; what one holds is beside it in `keystore-process`.
const [a, b] = [await softToken({ label: 'bench-a' }), await softToken({ label: 'bench-b' })]
const tokens = [
  { ...a, ...tenant },
  { ...b, ...tenant },
] as const
const keys = await provisionKeys({ tokens, needs, existing: [] })
const keystore = await openKeystore({ tokens, keys, minRecipients: 2 })
const id = '3f0c1de2-7f2c-4b1a-9c36-0c55b1f0a001'
const binding: Binding = { table: 'pin_keys.keys', row: id, owner: id, purpose: 'encryption-key', version: 1 }
const request = { binding, factor: new Secret('1234') }
const locked = await keystore.issueLockedKey(request)
const message = new Uint8Array(64)
const plaintext = new Secret(new Uint8Array(randomBytes(32)))

process.on('exit', () => void Promise.all([a.remove(), b.remove()]))
answerRepeats({
  mac: () => keystore.mac(MAC_USE, message),
  'seal-open': async () => keystore.open(await keystore.seal(plaintext, binding), binding),
  'open-locked': () => keystore.openLockedKey(request, locked),
  'issue-locked': () => keystore.issueLockedKey(request),
})
