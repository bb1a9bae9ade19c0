import { EncodingError, fromBase64 } from '@strongroom/crypto'
import { openEd25519Key } from './ed25519.ts'
import type { UnreadableReason } from './request-signature.ts'
import { readStrkey } from './strkey.ts'

export interface SignatureHeader {
  readonly keyId: string
  readonly publicKey: Uint8Array
  /** In lower case, none twice. */
  readonly covered: readonly string[]
  readonly signature: Uint8Array
}

const pair = /^([a-z]+)="([^",]*)"$/i
const names = ['keyId', 'algorithm', 'headers', 'signature'] as const

/** What draft-cavage calls `headers`: a field name, or the target of the request by one of its two names. */
const coverable = /^([!#$%&'*+.^_`|~0-9a-z-]+|\(request-(target|header)\))$/

/**
 * Reads the one form that clients write: each of four parameters once, and nothing else. Where a lenient reader takes the
 * last of two keys, or `date` for a list that is empty, another server would read another signature.
 */
export function parseSignature(text: string): SignatureHeader | UnreadableReason {
  const params = readPairs(text.replace(/^Signature /i, ''))
  if (typeof params === 'string') return params
  const { keyId, algorithm, headers, signature: encoded } = params
  if (algorithm !== 'ed25519-sha256') return 'algorithm is not ed25519-sha256'
  const publicKey = readAccountKey(keyId)
  if (!publicKey) return 'keyId is no account key'
  const covered = headers.toLowerCase().split(' ')
  if (new Set(covered).size < covered.length || !covered.every((name) => coverable.test(name)))
    return 'headers is empty, repeats a name, or names what cannot be signed'
  const signature = decode(encoded)
  return signature?.length === 64 ? { keyId, publicKey, covered, signature } : 'signature is not 64 bytes in base64'
}

/** The key of `G…`, which a signature may be checked with; `undefined` for any other text. */
export function readAccountKey(text: string): Uint8Array | undefined {
  const key = readStrkey('account', text)
  return key && openEd25519Key(key) && key
}

type Params = Readonly<Record<(typeof names)[number], string>>

function readPairs(text: string): Params | UnreadableReason {
  const pairs = text.split(/, ?/).map((one) => pair.exec(one))
  if (!pairs.every((one) => one !== null)) return 'not a list of name="value"'
  const params = Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]))
  const isWhole = pairs.length === names.length && names.every((name) => Object.hasOwn(params, name))
  return isWhole ? (params as Params) : 'a parameter is unknown, repeated or missing'
}

function decode(text: string): Uint8Array | undefined {
  try {
    return fromBase64(text)
  } catch (error) {
    if (error instanceof EncodingError) return undefined
    throw error
  }
}
