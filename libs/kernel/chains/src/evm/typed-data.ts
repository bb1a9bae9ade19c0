import { canonicalJson, equalBytes, JcsError } from '@strongroom/crypto'
import { getAddress, hashTypedData, type Hex, hexToBytes, isAddress } from 'viem'
import { z } from 'zod'

export interface Call {
  readonly target: Hex
  readonly value: bigint
  readonly data: Hex
}

/** What signers of an account sign: these calls, once, on this chain, up to then. */
export interface Execution {
  readonly chainId: number
  readonly account: Hex
  readonly calls: readonly Call[]
  readonly nonce: bigint
  /** Seconds since 1970, by the clock of the chain. */
  readonly deadline: bigint
}

const types = {
  EIP712Domain: [
    { name: 'name', type: 'string' },
    { name: 'version', type: 'string' },
    { name: 'chainId', type: 'uint256' },
    { name: 'verifyingContract', type: 'address' },
  ],
  Execute: [
    { name: 'calls', type: 'Call[]' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
  Call: [
    { name: 'target', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'data', type: 'bytes' },
  ],
} as const

const domainOf = ({ chainId, account }: Execution) => ({
  name: 'Strongroom Account',
  version: '1',
  chainId,
  verifyingContract: getAddress(account),
})

/** EIP-712 as wallets take it (`eth_signTypedData_v4`): numbers beyond JSON's as decimal text, addresses with their checksum. */
export const typedDataOf = (execution: Execution) => ({
  evm: {
    domain: domainOf(execution),
    types,
    primaryType: 'Execute',
    message: {
      calls: execution.calls.map(({ target, value, data }) => ({
        target: getAddress(target),
        value: value.toString(),
        data: data.toLowerCase(),
      })),
      nonce: execution.nonce.toString(),
      deadline: execution.deadline.toString(),
    },
  },
})

/** The 32 bytes that are signed. */
export const messageOf = (execution: Execution): Uint8Array =>
  hexToBytes(
    hashTypedData({
      domain: { ...domainOf(execution), chainId: BigInt(execution.chainId) },
      types,
      primaryType: 'Execute',
      message: { calls: execution.calls, nonce: execution.nonce, deadline: execution.deadline },
    }),
  )

const address = z.string().refine((text): text is Hex => isAddress(text)) as unknown as z.ZodType<Hex>
const data = z.string().regex(/^0x([0-9a-f]{2})*$/) as unknown as z.ZodType<Hex>
const MOST = 2n ** 256n - 1n
const number = z
  .string()
  .regex(/^(0|[1-9]\d{0,77})$/)
  .transform(BigInt)
  .refine((value) => value <= MOST)

/** The end of the year 9999. */
const LAST_DEADLINE = 253_402_300_799n
const MOST_CALLS = 16
const MOST_DATA = 16_384

const wire = z.object({
  evm: z.object({
    domain: z.object({ chainId: z.int(), verifyingContract: address }),
    message: z.object({
      calls: z
        .array(z.object({ target: address, value: number, data }))
        .min(1)
        .max(MOST_CALLS),
      nonce: number,
      deadline: number.refine((seconds) => seconds <= LAST_DEADLINE),
    }),
  }),
})

/**
 * Reads typed data back. `undefined` for whatever differs in one character from what we would write: a field more, another
 * type, another spelling of a number are another message to somebody.
 */
export function readTypedData(request: unknown): Execution | undefined {
  const parsed = wire.safeParse(request)
  if (!parsed.success) return undefined
  const { domain, message } = parsed.data.evm
  if (message.calls.reduce((sum, call) => sum + call.data.length, 0) > 2 * MOST_DATA) return undefined
  const execution = { chainId: domain.chainId, account: domain.verifyingContract, ...message }
  return isSame(request, typedDataOf(execution)) ? execution : undefined
}

function isSame(one: unknown, other: unknown): boolean {
  try {
    return equalBytes(canonicalJson(one), canonicalJson(other))
  } catch (error) {
    if (error instanceof JcsError) return false
    throw error
  }
}
