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
  const { maxFee: maxFeePerGas, maxTip: maxPriorityFeePerGas, ...rest } = unsigned
  const transaction = { ...rest, type: 'eip1559', value: 0n, maxFeePerGas, maxPriorityFeePerGas } as const
  const hash = keccak256(serializeTransaction(transaction))
  const signature = await key.sign(hexToBytes(hash))
  const [r, s] = [bytesToHex(signature.subarray(0, 32)), bytesToHex(signature.subarray(32, 64))]
  // A token answers r and s alone: which of two keys they fit is found by trying.
  for (const yParity of [0, 1]) {
    const recovered = await recoverAddress({ hash, signature: { r, s, yParity } }).catch(() => undefined)
    if (recovered?.toLowerCase() !== address.toLowerCase()) continue
    const bytes = serializeTransaction(transaction, { r, s, yParity })
    return { bytes: hexToBytes(bytes), hash: hexToBytes(keccak256(bytes)) }
  }
  throw new Error('the gas key signed for another address')
}
