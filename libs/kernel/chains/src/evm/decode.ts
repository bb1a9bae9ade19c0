import { decodeFunctionData, encodeFunctionData, type Hex, hexToBytes, isAddressEqual } from 'viem'
import type { AccountChange, AccountRequest } from '../chain.ts'
import { accountAbi } from './abi.ts'
import type { EvmContracts } from './settings.ts'
import { decodeSigner, encodeSigner } from './signers.ts'
import { type Call, type Execution, messageOf, readTypedData } from './typed-data.ts'

export interface DecodedRequest extends AccountRequest {
  readonly execution: Execution
}

/** `undefined`: not canonical, or of another chain. */
export function decodeRequest(
  request: unknown,
  { chainId, at }: { readonly chainId: number; readonly at: EvmContracts },
): DecodedRequest | undefined {
  const execution = readTypedData(request)
  if (!execution || execution.chainId !== chainId) return undefined
  const changes = execution.calls.map((call) => changeOf(call, { account: execution.account, at }))
  const deadline = new Date(Number(execution.deadline) * 1000)
  return { message: messageOf(execution), changes, address: execution.account, deadline, execution }
}

const MOST_WEIGHT = BigInt(Number.MAX_SAFE_INTEGER)
const other: AccountChange = { kind: 'other' }

function changeOf(call: Call, { account, at }: { account: Hex; at: EvmContracts }): AccountChange {
  const { target, value, data } = call
  const ours = [at.factory, at.implementation, at.deviceVerifier, at.passkeyVerifier]
  if (ours.some((one) => isAddressEqual(one, target))) return other
  // Nobody else can call the account in its own name, whatever they do with a call of its.
  if (!isAddressEqual(target, account)) return { kind: 'call', target, value, data: hexToBytes(data) }
  if (value !== 0n) return other
  const change = readChange(data, at)
  // Only the one encoding: bytes after it, or before it, might mean something to whoever shows them.
  return change && callDataOf(change, at) === data ? change : other
}

function readChange(data: Hex, at: EvmContracts): AccountChange | undefined {
  try {
    const { functionName, args } = decodeFunctionData({ abi: accountAbi, data })
    if (functionName === 'addSigner') {
      const signer = args[1] <= MOST_WEIGHT ? decodeSigner(args[0], at) : undefined
      return signer && { kind: 'add-signer', signer: { ...signer, weight: Number(args[1]) } }
    }
    const signer = functionName === 'removeSigner' ? decodeSigner(args[0], at) : undefined
    return signer && { kind: 'remove-signer', ...signer }
  } catch {
    return undefined
  }
}

/** What a change is as a call of the account to itself. */
export function callDataOf(change: AccountChange, at: EvmContracts): Hex {
  if (change.kind === 'add-signer') {
    const { weight } = change.signer
    if (!Number.isSafeInteger(weight) || weight < 1) throw new RangeError('a weight is a positive whole number')
    const args = [encodeSigner(change.signer, at), BigInt(weight)] as const
    return encodeFunctionData({ abi: accountAbi, functionName: 'addSigner', args })
  }
  if (change.kind === 'remove-signer' && change.scheme) {
    const signer = encodeSigner({ publicKey: change.publicKey, scheme: change.scheme }, at)
    return encodeFunctionData({ abi: accountAbi, functionName: 'removeSigner', args: [signer] })
  }
  throw new TypeError('only changes of signers are described')
}
