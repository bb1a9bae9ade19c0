import { equalBytes } from '@strongroom/crypto'
import type { Hex } from 'viem'
import type { AccountChange } from '../chain.ts'
import { callDataOf } from './decode.ts'
import type { Node } from './node.ts'
import { readStanding } from './read-account.ts'
import type { EvmContracts } from './settings.ts'
import { typedDataOf } from './typed-data.ts'

const HOUR = 3600

interface Place {
  readonly node: Node
  readonly chainId: number
  readonly contracts: EvmContracts
}

interface Wish {
  readonly changes: readonly AccountChange[]
  readonly validSeconds: number | undefined
}

/** Typed data of the changes, for the nonce that the account has now. */
export async function describeChange(
  { node, chainId, contracts }: Place,
  account: Hex,
  { changes, validSeconds = HOUR }: Wish,
): Promise<unknown> {
  const [head, standing] = await Promise.all([node.head(), readStanding(node, account, { at: 'latest', contracts })])
  if (!standing?.isGenuine) throw new RangeError('no account of ours stands there')
  const callOf = (change: AccountChange) => {
    const known = change.kind === 'remove-signer' ? nameScheme(change, standing.signers) : change
    return { target: account, value: 0n, data: callDataOf(known, contracts) }
  }
  return typedDataOf({
    chainId,
    account,
    calls: changes.map(callOf),
    nonce: standing.nonce,
    deadline: head.timestamp + BigInt(Math.ceil(validSeconds)),
  })
}

type Removal = AccountChange & { readonly kind: 'remove-signer' }
type Signers = Parameters<typeof findSigner>[0]

function nameScheme(change: Removal, signers: Signers): Removal {
  const signer = findSigner(signers, change)
  if (!signer) throw new RangeError('who is no signer is not removed')
  return { ...change, scheme: signer.scheme }
}

const findSigner = (
  signers: readonly { publicKey: Uint8Array; scheme: 'p256-sha256' | 'webauthn' }[],
  { publicKey, scheme }: Removal,
) => signers.find((one) => equalBytes(one.publicKey, publicKey) && (scheme === undefined || one.scheme === scheme))
