import { fromHex, toHex } from '@strongroom/crypto'
import type { AccountChange, Signer } from '../chain.ts'

/** Keys of an account of Flow count alike, up to this. */
export const THRESHOLD = 1000

/** Cadence 1.0. Arguments: public keys in hexadecimal, and their weights. */
export const deploymentScript = `transaction(publicKeys: [String], weights: [UFix64]) {
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

/** In JSON-Cadence, as they are sent. */
export const deploymentArguments = (signers: readonly Signer[]): string[] => [
  array(signers.map(({ publicKey }) => ({ type: 'String', value: toHex(publicKey) }))),
  array(signers.map(({ weight }) => ({ type: 'UFix64', value: `${String(weight)}.00000000` }))),
]

const array = (value: readonly object[]) => JSON.stringify({ type: 'Array', value })

// A key that stood twice would count twice, and be enough alone: so the chain itself is asked, in the transaction.
const addScript = (publicKey: string, weight: number) => `transaction {
    prepare(account: auth(AddKey) &Account) {
        let added = "${publicKey}"
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
            weight: ${String(weight)}.0
        )
    }
}
`

const removeScript = (publicKey: string, index: number) => `transaction {
    prepare(account: auth(RevokeKey) &Account) {
        let key = account.keys.get(keyIndex: ${String(index)})
            ?? panic("no key has this index")
        assert(
            String.encodeHex(key.publicKey.publicKey) == "${publicKey}",
            message: "another key has this index"
        )
        account.keys.revoke(keyIndex: ${String(index)})
    }
}
`

/** A change of keys as Cadence says it: what it changes stands in the script, which takes no arguments. */
export type KeyChange =
  | { readonly kind: 'add'; readonly publicKey: Uint8Array; readonly weight: number }
  | { readonly kind: 'remove'; readonly publicKey: Uint8Array; readonly index: number }

export const scriptOf = (change: KeyChange): string =>
  change.kind === 'add'
    ? addScript(toHex(change.publicKey), change.weight)
    : removeScript(toHex(change.publicKey), change.index)

const key = /"([0-9a-f]{128})"/
const weight = /weight: (\d{1,4})\.0\n/
const keyIndex = /keyIndex: (\d{1,9})\)\n/

/** The change that exactly this script makes; `undefined` for any other script. */
export function changeOf(script: string): KeyChange | undefined {
  const found = key.exec(script)?.[1]
  if (found === undefined) return undefined
  const publicKey = fromHex(found)
  const added: KeyChange = { kind: 'add', publicKey, weight: Number(weight.exec(script)?.[1]) }
  const removed: KeyChange = { kind: 'remove', publicKey, index: Number(keyIndex.exec(script)?.[1]) }
  // Reading is loose, for nothing follows from it: only a script that is ours to the byte counts.
  return [added, removed].find((one) => scriptOf(one) === script)
}

export const asAccountChange = (change: KeyChange): AccountChange =>
  change.kind === 'add'
    ? { kind: 'add-signer', signer: { publicKey: change.publicKey, scheme: 'p256-sha256', weight: change.weight } }
    : { kind: 'remove-signer', publicKey: change.publicKey }
