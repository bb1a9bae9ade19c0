import { RequestError } from '../evm/read-request.ts'
import type { Described } from '../api/answers.ts'
import { callOf } from '../read-described.ts'

export interface ExpectedScript {
  readonly kind: 'add-signer' | 'remove-signer'
  /** x and y of the key that comes or goes, 128 hex digits. */
  readonly publicKey: string
}

const WEIGHT = '500'

const addition = (publicKey: string) => `transaction {
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
            weight: ${WEIGHT}.0
        )
    }
}
`

const removal = (publicKey: string, index: string) => `transaction {
    prepare(account: auth(RevokeKey) &Account) {
        let key = account.keys.get(keyIndex: ${index})
            ?? panic("no key has this index")
        assert(
            String.encodeHex(key.publicKey.publicKey) == "${publicKey}",
            message: "another key has this index"
        )
        account.keys.revoke(keyIndex: ${index})
    }
}
`

/**
 * The script of a change on Flow, if it makes exactly the expected one: compared to the byte. The app that signs it chooses
 * account and network itself, as authoriser and reference block of its transaction. @throws RequestError
 */
export function scriptOf(described: Pick<Described, 'message'>, { kind, publicKey }: ExpectedScript): string {
  const { cadence } = callOf(described) as { readonly cadence?: unknown }
  if (typeof cadence !== 'string') throw new RequestError('it is no script')
  const key = publicKey.toLowerCase()
  // The server says which index the key has; the script itself asks the chain whether it does.
  const index = /keyIndex: (0|[1-9]\d{0,8})\)/.exec(cadence)?.[1] ?? ''
  const expected = kind === 'add-signer' ? addition(key) : removal(key, index)
  if (cadence !== expected) throw new RequestError('it is another change than the expected one')
  return cadence
}
