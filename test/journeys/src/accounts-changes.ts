import {
  type AccountsClient,
  type AccountSigner,
  approvalOf,
  callOf,
  type Change as HeldChange,
  type Signing,
  signChange,
  signerOf,
  type Waiting,
} from '@strongroom/accounts-client'
import type { Change, ChainSeen } from './accounts-chain.ts'
import type { Device } from './accounts-world.ts'
import { eventually } from './eventually.ts'

type Wish = { readonly chain: ChainSeen; readonly address: `0x${string}` }

/** As a person asks who has no node: the server describes it, the client reads it, one key signs it, the server as well. */
export async function askFor(
  client: AccountsClient,
  signer: AccountSigner,
  { chain, address, change }: Wish & { readonly change: Change },
): Promise<Signing> {
  const { kind, publicKey } = change
  return client.change(signer, { kind, chainId: chain.chainId, account: address, publicKey })
}

export const askByDevice = ({ client, key }: Device, wish: Wish & { readonly change: Change }) =>
  askFor(client, signerOf(key), wish)

export function heldOf(signing: Signing): HeldChange {
  if (!('change' in signing)) throw new Error('it was not held')
  return signing.change
}

/** The hash of what was sent, once it succeeded. */
export async function sent(client: AccountsClient, signing: Signing): Promise<string> {
  if (!('transaction' in signing)) throw new Error(`it waits: ${JSON.stringify(signing)}`)
  const { id } = signing.transaction
  let hash = ''
  await eventually('the transaction succeeds', async () => {
    const { state, txId } = await client.relayed(id)
    if (state === 'failed' || state === 'refused') throw new Error(`the transaction was ${state}`)
    hash = txId ?? ''
    return state === 'succeeded'
  })
  return hash
}

/** Held, approved by the digest that another device sees, and asked for once more. Answers the hash. */
export async function changeTogether(
  asking: Device,
  approving: Device,
  wish: Wish & { readonly change: Change },
): Promise<string> {
  const { id } = heldOf(await askByDevice(asking, wish))
  const seen = (await approving.client.listChanges()).find((one) => one.id === id)
  if (!seen) throw new Error('the other device does not see the change')
  await approving.client.approveChange(id, await approvalOf(approving.key, seen.digest))
  return sent(asking.client, await askByDevice(asking, wish))
}

/** What the server describes, signed by a device of the account, co-signed, on the chain; then approved. Answers the hash. */
export async function letIn(
  device: Device,
  { waiting, chain, address, publicKey }: Wish & { readonly waiting: Waiting; readonly publicKey: string },
): Promise<string> {
  const { id } = waiting.twoFactorAuth
  const { request } = await device.client.lookAtTwoFactor(id)
  const call = callOf(request)
  const expected = { kind: 'add-signer', chainId: chain.chainId, account: address, publicKey } as const
  const signing = await device.client.signEvm({
    call,
    signatures: [await signChange(signerOf(device.key), call, expected)],
  })
  const hash = await sent(device.client, signing)
  await device.client.approveTwoFactor(id, hash)
  return hash
}
