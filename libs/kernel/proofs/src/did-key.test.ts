import { toHex } from '@strongroom/crypto'
import { base58 } from '@scure/base'
import { expect, test } from 'vitest'
import vector from '../../../../test/vectors/learncard-did-auth.json' with { type: 'json' }
import { holderOf } from '../test/presentations.ts'
import { readDidKey } from './did-key.ts'

const { did, publicKey } = holderOf(vector.seed)

test('the key of a seed is the did:key that LearnCard makes of it, and back', () => {
  expect(did).toBe(vector.did)
  expect(toHex(readDidKey(did) ?? new Uint8Array())).toBe(toHex(publicKey))
})

const multikey = (prefix: number[], key: Uint8Array) =>
  `did:key:z${base58.encode(Uint8Array.from([...prefix, ...key]))}`
const identity = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0))

test.each([
  ['another method', 'did:web:example.com'],
  ['an X25519 key', multikey([0xec, 0x01], publicKey)],
  ['an unknown kind of key that begins alike', multikey([0xed, 0x00], publicKey)],
  ['a P-256 key', 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169'],
  ['a key that is cut', did.slice(0, -1)],
  ['a key with something behind it', `${did}1`],
  ['a fragment', `${did}#${did.slice(8)}`],
  ['a letter that base58 has not', did.replace(/.$/, '0')],
  ['another base', did.replace(':z', ':u')],
  ['a point of small order, for which one signature fits all', multikey([0xed, 0x01], identity)],
  ['no point', multikey([0xed, 0x01], new Uint8Array(32).fill(0xff))],
  ['a very long text', `did:key:z${'6'.repeat(100_000)}`],
  ['nothing', 'did:key:'],
])('%s is no did:key of ours', (_, text) => {
  expect(readDidKey(text)).toBeUndefined()
})
