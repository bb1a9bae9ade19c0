import { z } from 'zod'
import { asKey, FlowError } from './check.ts'
import type { Account, Key, Ledger } from './ledger.ts'

/** The scripts that the stub runs, to the byte; `KEY`, `WEIGHT` and `INDEX` stand for what differs. No other is understood. */
export const deploy = `transaction(publicKeys: [String], weights: [UFix64]) {
    prepare(payer: auth(BorrowValue) &Account) {
        let account = Account(payer: payer)
        var index = 0
        while index < publicKeys.length {
            account.keys.add(
                publicKey: PublicKey(
                    publicKey: publicKeys[index].decodeHex(),
                    signatureAlgorithm: SignatureAlgorithm.ECDSA_P256
                ),
                hashAlgorithm: HashAlgorithm.SHA2_256,
                weight: weights[index]
            )
            index = index + 1
        }
    }
}
`
export const add = `transaction {
    prepare(account: auth(AddKey) &Account) {
        let added = "KEY"
        account.keys.forEach(fun (key: AccountKey): Bool {
            assert(
                key.isRevoked || String.encodeHex(key.publicKey.publicKey) != added,
                message: "this key stands already"
            )
            return true
        })
        account.keys.add(
            publicKey: PublicKey(
                publicKey: added.decodeHex(),
                signatureAlgorithm: SignatureAlgorithm.ECDSA_P256
            ),
            hashAlgorithm: HashAlgorithm.SHA2_256,
            weight: WEIGHT.0
        )
    }
}
`
export const remove = `transaction {
    prepare(account: auth(RevokeKey) &Account) {
        let key = account.keys.get(keyIndex: INDEX)
            ?? panic("no key has this index")
        assert(
            String.encodeHex(key.publicKey.publicKey) == "KEY",
            message: "another key has this index"
        )
        account.keys.revoke(keyIndex: INDEX)
    }
}
`

/** The first time that a word stands there it is read, every further time it must be the same. */
function pattern(template: string): RegExp {
  const forms = { KEY: '[0-9a-f]{128}', WEIGHT: '[0-9]{1,4}', INDEX: '[0-9]{1,9}' }
  let text = template.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')
  for (const [word, form] of Object.entries(forms)) {
    text = text.replace(word, `(?<${word}>${form})`).replaceAll(new RegExp(`(?<!<)\\b${word}\\b`, 'g'), `\\k<${word}>`)
  }
  return new RegExp(`^${text}$`)
}
const [addPattern, removePattern] = [pattern(add), pattern(remove)]

export interface FlowEvent {
  readonly type: string
  readonly value: object
}

interface Run {
  readonly ledger: Ledger
  readonly script: string
  readonly args: readonly unknown[]
  readonly authorizer: Account | undefined
}

/** @throws FlowError where it is none of these scripts, or it stops. */
export function runScript({ ledger, script, args, authorizer }: Run): FlowEvent[] {
  if (!authorizer) throw new FlowError(1101, 'prepare has no account')
  if (script === deploy) return [created(ledger.create(keysOf(args)))]
  const adding = addPattern.exec(script)?.groups
  const removing = removePattern.exec(script)?.groups
  const fields = adding ?? removing
  if (!fields || args.length > 0) throw new FlowError(1101, 'the stub runs three scripts, and this is none of them')
  const publicKey = fields['KEY'] ?? ''
  if (adding) ledger.put(withKey(authorizer, { publicKey, weight: Number(fields['WEIGHT']) }))
  else ledger.put(withoutKey(authorizer, { publicKey, index: Number(fields['INDEX']) }))
  return []
}

function withKey(account: Account, wish: { publicKey: string; weight: number }): Account {
  if (account.keys.some((key) => !key.revoked && key.publicKey === wish.publicKey))
    throw new FlowError(1101, 'assertion failed: this key stands already')
  return { ...account, keys: [...account.keys, newKey(wish)] }
}

function withoutKey(account: Account, { publicKey, index }: { publicKey: string; index: number }): Account {
  const key = account.keys[index]
  if (!key) throw new FlowError(1101, 'panic: no key has this index')
  if (key.publicKey !== publicKey) throw new FlowError(1101, 'assertion failed: another key has this index')
  return { ...account, keys: account.keys.with(index, { ...key, revoked: true }) }
}

export function newKey({ publicKey, weight }: { publicKey: string; weight: number }): Key {
  if (!asKey(publicKey)) throw new FlowError(1101, 'invalid public key')
  return { publicKey, weight, sequenceNumber: 0, revoked: false }
}

const deployArguments = z.tuple([
  z.object({
    type: z.literal('Array'),
    value: z.array(z.object({ type: z.literal('String'), value: z.string().regex(/^[0-9a-f]{128}$/) })),
  }),
  z.object({
    type: z.literal('Array'),
    value: z.array(z.object({ type: z.literal('UFix64'), value: z.string().regex(/^\d+\.\d{8}$/) })),
  }),
])

function keysOf(args: readonly unknown[]): Key[] {
  const read = deployArguments.safeParse(args)
  if (!read.success) throw new FlowError(1101, 'invalid arguments')
  const [publicKeys, weights] = read.data
  return publicKeys.value.map(({ value }, index) => {
    const weight = weights.value[index]
    if (!weight) throw new FlowError(1101, 'array index out of bounds')
    return newKey({ publicKey: value, weight: Number(weight.value) })
  })
}

function created({ address }: Account): FlowEvent {
  const field = { name: 'address', value: { type: 'Address', value: `0x${address}` } }
  return {
    type: 'flow.AccountCreated',
    value: { type: 'Event', value: { id: 'flow.AccountCreated', fields: [field] } },
  }
}
