import { fromHex, toHex, toUtf8 } from '@strongroom/crypto'
import { keccak_256 } from '@noble/hashes/sha3.js'

/** What an account is asked to do, as EIP-712 typed data: the server describes it, and this side reads it whole. */
export interface AccountRequest {
  readonly chainId: number
  /** The account: 20 bytes. */
  readonly account: Uint8Array
  readonly calls: readonly Call[]
  readonly nonce: bigint
  /** Seconds since 1970. */
  readonly deadline: bigint
}

export interface Call {
  readonly target: Uint8Array
  readonly value: bigint
  readonly data: Uint8Array
}

const CALL = 'Call(address target,uint256 value,bytes data)'
const EXECUTE = `Execute(Call[] calls,uint256 nonce,uint256 deadline)${CALL}`
const DOMAIN = 'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'
const [NAME, VERSION] = ['Strongroom Account', '1']

/** The 32 bytes that signers of a weighted account sign (EIP-712). */
export function hashOfRequest({ chainId, account, calls, nonce, deadline }: AccountRequest): Uint8Array {
  const domain = hash(typeOf(DOMAIN), textOf(NAME), textOf(VERSION), word(BigInt(chainId)), padded(account))
  const hashes = calls.map(({ target, value, data }) =>
    hash(typeOf(CALL), padded(target), word(value), keccak_256(data)),
  )
  const request = hash(typeOf(EXECUTE), hash(...hashes), word(nonce), word(deadline))
  return hash(Uint8Array.of(0x19, 0x01), domain, request)
}

const hash = (...parts: readonly Uint8Array[]): Uint8Array => keccak_256(joined(parts))
const typeOf = (text: string): Uint8Array => keccak_256(toUtf8(text))
const textOf = typeOf

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const word = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, '0'))

function padded(address: Uint8Array): Uint8Array {
  const all = new Uint8Array(32)
  all.set(address, 32 - address.length)
  return all
}

const selectorOf = (signature: string): Uint8Array => keccak_256(toUtf8(signature)).slice(0, 4)

/** A signer as the account has it: the verifier’s address, then x and y. */
const SIGNER_BYTES = 84
const KEY_BYTES = 64

/** What calls of an account to itself change, in this order; `undefined` where one of them is anything else. */
export function readChanges({ account, calls }: AccountRequest): readonly AccountChange[] | undefined {
  const changes = calls.map(({ target, value, data }) =>
    value === 0n && isSame(target, account) ? (readAddition(data) ?? readRemoval(data)) : undefined,
  )
  return changes.every((one) => one !== undefined) ? changes : undefined
}

export type AccountChange =
  | ({ readonly kind: 'add-signer'; readonly weight: bigint } & SignerRead)
  | ({ readonly kind: 'remove-signer' } & SignerRead)

interface SignerRead {
  readonly publicKey: Uint8Array
  /** Contract that judges what the key signed: 20 bytes. */
  readonly verifier: Uint8Array
}

const signerIn = (signer: Uint8Array): SignerRead => ({
  verifier: signer.slice(0, -KEY_BYTES),
  publicKey: signer.slice(-KEY_BYTES),
})

/** Every byte is written anew from what was read and compared: nothing rides along. */
function readAddition(data: Uint8Array): AccountChange | undefined {
  const signer = data.slice(100, 100 + SIGNER_BYTES)
  const weight = data.slice(36, 68)
  const written = joined([
    selectorOf('addSigner(bytes,uint64)'),
    word(64n),
    weight,
    word(BigInt(SIGNER_BYTES)),
    signer,
    new Uint8Array(12),
  ])
  if (!isSame(written, data)) return undefined
  return { kind: 'add-signer', ...signerIn(signer), weight: BigInt(`0x${toHex(weight)}`) }
}

function readRemoval(data: Uint8Array): AccountChange | undefined {
  const signer = data.slice(68, 68 + SIGNER_BYTES)
  const written = joined([
    selectorOf('removeSigner(bytes)'),
    word(32n),
    word(BigInt(SIGNER_BYTES)),
    signer,
    new Uint8Array(12),
  ])
  return isSame(written, data) ? { kind: 'remove-signer', ...signerIn(signer) } : undefined
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at])
