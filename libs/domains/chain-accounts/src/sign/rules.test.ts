import type { AccountChange } from '@strongroom/chains'
import { toHex } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import type { KeyRow } from '../accounts/key-row.ts'
import { usualPolicies as policies } from '../policies.ts'
import { digestOf, judgeRequest, judgeStanding } from './rules.ts'

const at = new Date(0)
const keyOf = (seed: number, more: Partial<KeyRow> = {}): KeyRow => ({
  id: `00000000-0000-4000-8000-00000000000${String(seed)}`,
  accountId: '00000000-0000-4000-8000-000000000000',
  type: 'user-key',
  kind: 'device',
  publicKey: new Uint8Array(64).fill(seed),
  keyIndex: seed,
  state: 'active',
  stamp: null,
  envelope: null,
  data: null,
  signCount: 0,
  credentialId: null,
  backupEligible: null,
  createdAt: at,
  lastUsedAt: null,
  revokedAt: null,
  ...more,
})
const server = keyOf(0, { type: 'server-key', kind: 'server' })
const phone = keyOf(1)
const passkey = keyOf(2, { kind: 'passkey', state: 'pending' })
const cloud = keyOf(3, { type: 'recover-key', kind: 'cloud', state: 'pending' })
const keys = [server, phone, passkey, cloud, keyOf(8, { state: 'pending' })]
const forgotten = keyOf(9)
const standing = [server, phone, forgotten, keyOf(8, { kind: 'passkey' })].map(({ publicKey, kind }) => ({
  publicKey,
  scheme: kind === 'passkey' ? ('webauthn' as const) : ('p256-sha256' as const),
}))

const add = ({ publicKey, kind }: KeyRow, more: object = {}): AccountChange => ({
  kind: 'add-signer',
  signer: { publicKey, scheme: kind === 'passkey' ? 'webauthn' : 'p256-sha256', weight: policies.weight, ...more },
})
const remove = ({ publicKey }: KeyRow): AccountChange => ({ kind: 'remove-signer', publicKey })
const call: AccountChange = { kind: 'call', target: '0x01', value: 1n, data: new Uint8Array() }
const other: AccountChange = { kind: 'other' }
const judge = (...changes: AccountChange[]) => judgeRequest({ changes }, { keys, policies, signers: standing })

test('calls of the account to others are its own affair', () => {
  expect(judge(call)).toEqual({ kind: 'calls' })
  expect(judge(call, call)).toEqual({ kind: 'calls' })
})

test.each<[string, AccountChange[]]>([
  ['nothing', []],
  ['what is not understood', [other]],
  ['what is not understood beside a call', [call, other]],
  ['what is not understood beside a change', [add(cloud), other]],
  ['a change behind a payment', [call, add(cloud)]],
  ['a payment behind a change', [add(cloud), call]],
  ['a key that nobody told us of', [add(keyOf(7))]],
  ['another server’s key', [add(server)]],
  ['a key that weighs more', [add(cloud, { weight: 1000 })]],
  ['a key that weighs less', [add(cloud, { weight: 1 })]],
  ['a passkey as a device', [add(passkey, { scheme: 'p256-sha256' })]],
  ['a device as a passkey', [add(phone, { scheme: 'webauthn' })]],
  ['the removal of who is no key of the account', [remove(keyOf(7))]],
  ['a device that stands there as a passkey', [add(keyOf(8))]],
  ['one key to and fro', [add(cloud), remove(cloud)]],
  ['one key twice', [add(cloud), add(cloud)]],
])('%s is not signed for', (_, changes) => {
  expect(judge(...changes)).toEqual({ kind: 'forbidden' })
})

test('keys that the account told us of may come and go, our own may go', () => {
  const named = (kind: string, { publicKey }: KeyRow) => ({ kind, publicKey: toHex(publicKey) })
  expect(judge(add(cloud))).toEqual({ kind: 'changes', changes: [named('add-signer', cloud)] })
  const changes = [named('add-signer', passkey), named('remove-signer', phone), named('remove-signer', server)]
  expect(judge(add(passkey), remove(phone), remove(server))).toEqual({ kind: 'changes', changes })
})

test('whoever stands on the chain may go, though we forgot, or never knew, its key', () => {
  const changes = [{ kind: 'remove-signer', publicKey: toHex(forgotten.publicKey) }]
  expect(judge(remove(forgotten))).toEqual({ kind: 'changes', changes })
})

test('what waits is of one account, one chain and these changes', () => {
  const changes = [{ kind: 'add-signer', publicKey: 'ab' } as const]
  const one = { accountId: 'a', chainName: 'local', changes }
  const digests = [
    one,
    { ...one, accountId: 'b' },
    { ...one, chainName: 'polygon-amoy' },
    { ...one, changes: [{ kind: 'remove-signer', publicKey: 'ab' } as const] },
    { ...one, changes: [...changes, ...changes] },
  ].map((of) => toHex(digestOf(of)))
  expect(new Set(digests).size).toBe(digests.length)
  expect(toHex(digestOf({ ...one, changes: [...changes] }))).toBe(digests[0])
})

const signerOf = ({ publicKey, kind }: KeyRow) =>
  ({ publicKey, scheme: kind === 'passkey' ? 'webauthn' : 'p256-sha256', weight: policies.weight }) as const
const judgeThere = (signers: readonly KeyRow[], ...changes: AccountChange[]) => {
  const there = { address: '0x01', signers: signers.map(signerOf), threshold: policies.threshold, isGenuine: true }
  return judgeStanding({ changes }, { keys, policies, standing: there }).kind
}

test('an account is not left to who cannot agree to anything, at no step of the way', () => {
  expect(judgeThere([server, phone], remove(phone))).toBe('forbidden')
  expect(judgeThere([server, phone], remove(server))).toBe('forbidden')
  expect(judgeThere([server, phone, forgotten], remove(forgotten))).toBe('changes')
  expect(judgeThere([server, phone, forgotten], remove(server))).toBe('changes')
  expect(judgeThere([server, phone, forgotten], remove(server), remove(forgotten))).toBe('forbidden')
  expect(judgeThere([server, phone], add(cloud), remove(phone))).toBe('changes')
  expect(judgeThere([server, phone], remove(phone), add(cloud))).toBe('forbidden')
})

test('of what is not ours, or does not stand, no change is anything to us', () => {
  const there = { address: '0x01', signers: [server, phone].map(signerOf), threshold: 1000, isGenuine: false }
  const request = { changes: [add(cloud)] }
  expect(judgeStanding(request, { keys, policies, standing: there })).toEqual({ kind: 'forbidden' })
  expect(judgeStanding(request, { keys, policies, standing: undefined })).toEqual({ kind: 'forbidden' })
})
