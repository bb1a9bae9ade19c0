import { Unopenable } from '@strongroom/hsm'
import { bytesToHex, type Hex, hexToBytes, keccak256, recoverAddress, serializeTransaction } from 'viem'
import { publicKeyToAddress } from 'viem/utils'

/** The key that pays: secp256k1, and no signer of any account. */
export interface GasKey {
  /** Of a digest of 32 bytes: r and s, 64 bytes, the lower s. */
  sign(digest: Uint8Array): Promise<Uint8Array>
}

/** Of an uncompressed SEC 1 key, 65 bytes. */
export const addressOfKey = (publicKey: Uint8Array): Hex => publicKeyToAddress(bytesToHex(publicKey))

/** EIP-1559. */
export interface Unsigned {
  readonly chainId: number
  readonly nonce: number
  readonly to: Hex
  readonly data: Hex
  /** Wei; none unless said. */
  readonly value?: bigint
  readonly gas: bigint
  readonly maxFee: bigint
  readonly maxTip: bigint
}

export interface Signed {
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

/** Signs for the network. @throws Error where the key is not the one of that address: such bytes are never sent. */
export async function signTransaction(unsigned: Unsigned, key: GasKey, address: Hex): Promise<Signed> {
  const { maxFee: maxFeePerGas, maxTip: maxPriorityFeePerGas, value = 0n, ...rest } = unsigned
  const transaction = { ...rest, value, type: 'eip1559', maxFeePerGas, maxPriorityFeePerGas } as const
  const hash = keccak256(serializeTransaction(transaction))
  const signature = await signatureFor(hash, key, address)
  if (!signature) throw new Error('the gas key signed for another address')
  const bytes = serializeTransaction(transaction, signature)
  return { bytes: hexToBytes(bytes), hash: hexToBytes(keccak256(bytes)) }
}

/** As the network takes it; `undefined` where the key is not the one of that address. */
async function signatureFor(hash: Hex, key: GasKey, address: Hex) {
  const signature = await key.sign(hexToBytes(hash))
  const [r, s] = [bytesToHex(signature.subarray(0, 32)), bytesToHex(signature.subarray(32, 64))]
  // A token answers r and s alone: which of two keys they fit is found by trying.
  for (const yParity of [0, 1]) {
    const recovered = await recoverAddress({ hash, signature: { r, s, yParity } }).catch(() => undefined)
    if (recovered?.toLowerCase() === address.toLowerCase()) return { r, s, yParity }
  }
  return undefined
}

const PROBE = keccak256(new TextEncoder().encode('strongroom: whose address is this'))

/** Whether money at that address is money of this key: an address is a plain column, and whoever writes it would be paid. */
export const signsFor = async (key: GasKey, address: Hex): Promise<boolean> => {
  try {
    return (await signatureFor(PROBE, key, address)) !== undefined
  } catch (error) {
    // Another row’s key stands in its place.
    if (error instanceof Unopenable) return false
    throw error
  }
}
