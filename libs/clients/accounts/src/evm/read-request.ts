import { fromHex } from '@strongroom/crypto'
import type { AccountRequest, Call } from './account-request.ts'

/** What the server described is not a request of an account, or not of this one: nothing is signed. */
export class RequestError extends Error {
  constructor(what: string) {
    super(`nothing was signed: ${what}`)
    this.name = 'RequestError'
  }
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads typed data as the server sends it. What is signed is computed from what was read here, so a field that was not
 * read says nothing. @throws RequestError
 */
export function readRequest(request: unknown): AccountRequest {
  const { domain, message } = fieldsOf(fieldsOf(request)['evm'])
  const { chainId, verifyingContract } = fieldsOf(domain)
  const { calls, nonce, deadline } = fieldsOf(message)
  if (typeof chainId !== 'number' || !Number.isSafeInteger(chainId) || chainId < 1 || !Array.isArray(calls))
    throw new RequestError('it is no typed data of an account')
  return {
    chainId,
    account: bytesOf(verifyingContract, 20),
    calls: calls.map(readCall),
    nonce: numberOf(nonce),
    deadline: numberOf(deadline),
  }
}

function readCall(call: unknown): Call {
  const { target, value, data } = fieldsOf(call)
  return { target: bytesOf(target, 20), value: numberOf(value), data: bytesOf(data) }
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw new RequestError('it is no typed data of an account')
  return value as Fields
}

function bytesOf(value: unknown, length?: number): Uint8Array {
  if (typeof value !== 'string' || !/^0x([0-9a-f]{2})*$/i.test(value)) throw new RequestError('bytes are no hex')
  const bytes = fromHex(value.slice(2))
  if (length !== undefined && bytes.length !== length) throw new RequestError('an address is not 20 bytes')
  return bytes
}

function numberOf(value: unknown): bigint {
  if (typeof value !== 'string' || !/^(0|[1-9]\d{0,77})$/.test(value)) throw new RequestError('a number is no number')
  const number = BigInt(value)
  if (number >= 2n ** 256n) throw new RequestError('a number is too large')
  return number
}
