import { toHex as encodeHex, toUtf8 } from '@strongroom/crypto'
import {
  concatHex,
  encodeAbiParameters,
  getContractAddress,
  type Hex,
  hexToBytes,
  keccak256,
  parseAbiParameters,
  size,
  sliceHex,
} from 'viem'
import type { AccountPlan, Signer } from '../chain.ts'
import { cloneCreationCode } from './artifacts.ts'
import type { EvmContracts } from './settings.ts'

/** An ERC-7913 key: the address of its verifier, then x and y. */
export function encodeSigner({ publicKey, scheme }: Pick<Signer, 'publicKey' | 'scheme'>, at: EvmContracts): Hex {
  if (publicKey.length !== 64) throw new TypeError('a signer’s key is x and y, 64 bytes')
  const verifier = scheme === 'webauthn' ? at.passkeyVerifier : at.deviceVerifier
  return concatHex([verifier, `0x${encodeHex(publicKey)}`]).toLowerCase() as Hex
}

/** `undefined`: not of a verifier of ours. */
export function decodeSigner(bytes: Hex, at: EvmContracts): Omit<Signer, 'weight'> | undefined {
  if (size(bytes) !== 84) return undefined
  const verifier = sliceHex(bytes, 0, 20).toLowerCase()
  const publicKey = hexToBytes(sliceHex(bytes, 20))
  if (verifier === at.deviceVerifier.toLowerCase()) return { publicKey, scheme: 'p256-sha256' }
  if (verifier === at.passkeyVerifier.toLowerCase()) return { publicKey, scheme: 'webauthn' }
  return undefined
}

/** As the contracts want them: by the hash of their bytes. Texts of one case and length compare as their bytes do. */
export const byHash = (one: Hex, other: Hex): number => (keccak256(one) < keccak256(other) ? -1 : 1)

/** A plan as the factory takes it; in one order, so that the same plan is the same account. */
export function planArguments(plan: AccountPlan, at: EvmContracts): readonly [Hex, Hex[], bigint[], bigint] {
  const weights = new Map(plan.signers.map((one) => [encodeSigner(one, at), BigInt(one.weight)]))
  if (weights.size !== plan.signers.length) throw new TypeError('a signer stands twice in a plan')
  const signers = [...weights.keys()].toSorted(byHash)
  // The id itself does not go onto a chain, where it would tie a row of ours to an address for everybody.
  return [
    keccak256(toUtf8(plan.accountId)),
    signers,
    signers.map((one) => weights.get(one) ?? 0n),
    BigInt(plan.threshold),
  ]
}

const saltParameters = parseAbiParameters('bytes32, bytes[], uint64[], uint64')

/** A plan as it goes onto the chain. All of it at once: hashing is what a sign-up pays for. */
export function layOut(plan: AccountPlan, at: EvmContracts) {
  const planned = planArguments(plan, at)
  // As `saltOf` of the factory.
  const salt = keccak256(encodeAbiParameters(saltParameters, planned))
  const bytecode = cloneCreationCode(at.implementation)
  return { planned, salt, address: getContractAddress({ opcode: 'CREATE2', from: at.factory, salt, bytecode }) }
}

/** Where the plan will stand, and no other. */
export const addressOf = (plan: AccountPlan, at: EvmContracts): Hex => layOut(plan, at).address
