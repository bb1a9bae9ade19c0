import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { add, ledgerSigner, remove } from '../../test/ledger-world.ts'
import { signerNamed } from '../../test/transaction-signers.ts'
import { hintOf } from '../ledger/cosign.ts'
import type { Envelope } from '../ledger/envelope.ts'
import { RECOVERY_ROLE } from '../ledger/ledger.ts'
import type { Operation, OperationBody } from '../ledger/operations.ts'
import { usualMultisigPolicies } from './policies.ts'
import { maySign } from './rules.ts'

const RECOVERING = 3
const NOW = 1_800_000_000n
const { multisig: policies } = usualMultisigPolicies
/** Made once: a hundred thousand transactions are of the same people. */
const once = <T>(make: (name: string) => T): ((name: string) => T) => {
  const made = new Map<string, T>()
  return (name) => {
    const known = made.get(name) ?? make(name)
    made.set(name, known)
    return known
  }
}
const named = once((name) => signerNamed(`rules/${name}`))
const account = named('owner').keyId

/** Everybody who might sign, and whether it is an owner's signature, or a stored key's. */
const people = {
  owner: ledgerSigner(named('owner'), { weight: 1 }),
  'second owner': ledgerSigner(named('second owner'), { identity: 2 }),
  stored: ledgerSigner(named('stored'), { identity: 3 }),
  'second stored': ledgerSigner(named('second stored'), { identity: 4, role: RECOVERY_ROLE }),
  'stored without weight': ledgerSigner(named('stored without weight'), { identity: 5, weight: 0 }),
  'owner without weight': ledgerSigner(named('owner without weight'), { identity: 6, weight: 0 }),
  'recovery signer': ledgerSigner(named('recovery signer'), { identity: 7, role: RECOVERY_ROLE }),
  'let in': ledgerSigner(named('let in'), { identity: 1, role: RECOVERING }),
}
type Person = keyof typeof people | 'stored elsewhere' | 'stranger'
const keyOf = (person: Person): string => named(person).keyId
const hints = once((person) => hintOf(named(person).keyId))
const owners: readonly Person[] = ['owner', 'second owner']
const kept: readonly Person[] = ['stored', 'second stored', 'stored without weight', 'stored elsewhere']
const everybody: readonly Person[] = [
  ...(Object.keys(people) as (keyof typeof people)[]),
  'stored elsewhere',
  'stranger',
]

const recovery = (of: string): OperationBody => ({
  type: 'create-kyc-recovery-request',
  requestId: 0n,
  account: of,
  signers: [],
  creatorDetails: '{}',
  allTasks: undefined,
})
const none = { fixed: 0n, percent: 0n }
const payment: OperationBody = {
  type: 'payment',
  sourceBalance: '11'.repeat(32),
  destination: { kind: 'balance', balance: '22'.repeat(32) },
  amount: 1n,
  fees: { source: none, destination: none, sourcePaysForDestination: false },
  subject: '',
  reference: '',
}
const good: readonly Operation[] = [
  { source: undefined, body: payment },
  { source: account, body: payment },
  { source: undefined, body: add(named('stranger')) },
  { source: account, body: remove(named('owner')) },
  { source: undefined, body: recovery(account) },
]
const bad: readonly Operation[] = [
  { source: keyOf('stranger'), body: payment },
  { source: keyOf('stored'), body: add(named('stranger')) },
  { source: undefined, body: recovery(keyOf('stranger')) },
  { source: undefined, body: { type: 'initiate-kyc-recovery', account, signer: keyOf('stranger') } },
  {
    source: undefined,
    body: { type: 'create-account', account: keyOf('stranger'), referrer: undefined, role: 1n, signers: [] },
  },
  {
    source: undefined,
    body: {
      type: 'review-request',
      requestId: 1n,
      requestHash: '33'.repeat(32),
      action: 'approve',
      reason: '',
      details: { tasksToAdd: 0, tasksToRemove: 0, externalDetails: '' },
    },
  },
]
const times = [
  { minTime: 0n, maxTime: NOW },
  { minTime: NOW, maxTime: 2n ** 64n - 1n },
  { minTime: NOW + 1n, maxTime: NOW + 9n },
  { minTime: 0n, maxTime: NOW - 1n },
]

/** By the key of whom its hint says, or by another; over this transaction, or another. */
interface Mark {
  readonly person: Person
  readonly kind: 'genuine' | 'forged' | 'of another transaction'
}

const marks: fc.Arbitrary<readonly Mark[]> = fc.array(
  fc.record({
    person: fc.constantFrom(...everybody, ...owners, ...owners),
    kind: fc.constantFrom('genuine', 'genuine', 'genuine', 'forged', 'of another transaction'),
  }),
  { maxLength: 4 },
)
const unmarked = fc.constantFrom(0, 0, 0, 0, 15, 17, 18, 19)
/** To check a signature takes a thousand times as long as all else: most transactions are turned away before. */
const operations = fc.oneof(
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...good), { minLength: 1, maxLength: 5 }) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...good), { minLength: 6, maxLength: 9 }) },
  {
    weight: 78,
    arbitrary: fc
      .tuple(fc.array(fc.constantFrom(...good), { maxLength: 4 }), fc.constantFrom(...bad), fc.nat(4))
      .map(([some, one, at]) => some.toSpliced(at, 0, one)),
  },
)
const cases = fc.record({
  operations,
  marks,
  unmarked,
  time: fc.constantFrom(...times, ...times.slice(0, 2), ...times.slice(0, 2)),
  signers: fc.subarray(Object.keys(people) as (keyof typeof people)[], { minLength: 5 }),
  isMaster: fc.constantFrom(false, false, false, false, false, false, true),
  salt: fc.nat(),
})
type Case = typeof cases extends fc.Arbitrary<infer One> ? One : never

/** Signed when it is looked at: few are. */
function envelopeOf({ operations: all, marks: given, unmarked: count, time, salt }: Case): Envelope {
  const hash = createHash('sha256').update(String(salt)).digest()
  const another = createHash('sha256')
    .update(`another ${String(salt)}`)
    .digest()
  const signatures = given.map(({ person, kind }) => ({
    hint: hints(person),
    get signature(): Uint8Array {
      const by = named(kind === 'forged' ? 'stranger' : person)
      return by.sign(kind === 'of another transaction' ? another : hash) as Uint8Array
    },
  }))
  const others = Array.from({ length: count }, () => ({ hint: new Uint8Array(4), signature: new Uint8Array(64) }))
  const memo = { type: 'none' } as const
  return {
    source: account,
    salt: 0n,
    timeBounds: time,
    memo,
    operations: all,
    signatures: [...others, ...signatures],
    hash,
  }
}

/** Said once more, by what the case was made of. */
function expectedOf({
  operations: all,
  marks: given,
  unmarked: count,
  time,
  signers,
  isMaster,
}: Case): readonly string[] {
  const isGenuine = (person: Person) =>
    given.some(
      (mark) =>
        mark.person === person && (mark.kind === 'genuine' || (mark.kind === 'forged' && person === 'stranger')),
    )
  const isOwned = owners.some((person) => signers.includes(person as keyof typeof people) && isGenuine(person))
  const isAllowed = all.length > 0 && all.length <= 5 && all.every((one) => good.includes(one))
  const isNow = times.indexOf(time) < 2
  const ours = (['stored', 'second stored'] as const).filter((person) => signers.includes(person) && !isGenuine(person))
  const isRoom = count + given.length + ours.length <= 20
  return isOwned && isAllowed && isNow && isRoom && !isMaster ? ours.map(keyOf) : []
}

test('of a hundred thousand transactions a stored key signs those that its owner signed and that are allowed, and no other', () => {
  const stored = kept.map(keyOf)
  let signed = 0
  fc.assert(
    fc.property(cases, (one) => {
      const facts = {
        signers: one.signers.map((person) => people[person]),
        roles: { recovering: RECOVERING },
        stored,
        masterAccountId: one.isMaster ? account : keyOf('stranger'),
        now: NOW,
      }
      const decided = maySign(envelopeOf(one), facts, policies)
      const keys = 'keys' in decided ? decided.keys : []
      if (keys.length > 0) signed++
      return JSON.stringify(keys.toSorted()) === JSON.stringify(expectedOf(one).toSorted())
    }),
    { numRuns: 100_000 },
  )
  // Of cases at random about one in seven hundred: far fewer would be another generator, and not chance.
  expect(signed).toBeGreaterThan(60)
}, 300_000)
