import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { badArgument, denied, notImplemented, Refused, wrongSignature } from './refused.ts'
import { ALGORITHM, isSame, readSigner, scopeText, signText, type StoreAccess } from './sig-v4.ts'

export interface AskedAddress {
  readonly method: string
  /** As sent: path and query, nothing decoded. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
}

const WEEK = 7 * 24 * 3600
const SKEW = 15 * 60 * 1000

/** What a signed address may say of the answer, and the header that it becomes. */
const overrides: Readonly<Record<string, string>> = {
  'response-content-type': 'content-type',
  'response-content-disposition': 'content-disposition',
  'response-cache-control': 'cache-control',
}

const isKnown = (name: string): boolean => /^x-amz-/i.test(name) || name === 'x-id' || name in overrides

export const isSigned = (target: string): boolean => /[?&]x-amz-(signature|algorithm)=/i.test(target)

/** Judges a presigned address: AWS Signature Version 4 in the query. Answers with the headers that it asks for. */
export function judgeAddress(
  { method, target, headers }: AskedAddress,
  access: StoreAccess,
  now: Date,
): Readonly<Record<string, string>> | Refused {
  const [path = '', query = ''] = target.split('?', 2)
  const pairs = readPairs(query)
  if (!pairs) return badArgument('The query cannot be decoded.')
  const given = new Map(pairs)
  if (given.size < pairs.length) return badArgument('A parameter is there twice.')
  const signer = readSigner(
    {
      algorithm: given.get('X-Amz-Algorithm'),
      credential: given.get('X-Amz-Credential'),
      date: given.get('X-Amz-Date'),
    },
    access,
  )
  if (signer instanceof Refused) return signer
  const names = (given.get('X-Amz-SignedHeaders') ?? '').split(';')
  if (!names.includes('host')) return badArgument('X-Amz-SignedHeaders must name host.')
  const request = [
    method,
    path,
    canonicalQuery(pairs),
    ...names.map((name) => `${name}:${String(headers[name] ?? '').trim()}`),
    '',
    names.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n')
  const digest = createHash('sha256').update(request).digest('hex')
  const text = [ALGORITHM, given.get('X-Amz-Date'), scopeText(signer.scope), digest].join('\n')
  const right = signText(access.secretAccessKey, signer.scope, text)
  if (!isSame(given.get('X-Amz-Signature') ?? '', right)) return wrongSignature()
  const lifetime = Number(given.get('X-Amz-Expires'))
  if (!(lifetime >= 1 && lifetime <= WEEK)) return badArgument('X-Amz-Expires must be 1 to 604800 seconds.')
  const age = now.getTime() - signer.signedAt.getTime()
  if (age < -SKEW) return denied('The request is not valid yet.')
  if (age >= lifetime * 1000) return denied('The request has expired.')
  return readOverrides(pairs)
}

type Pair = readonly [name: string, value: string]

function readPairs(query: string): readonly Pair[] | undefined {
  const parts = query.split('&').map((pair) => /^([^=]*)=?(.*)$/s.exec(pair)?.slice(1) ?? [])
  try {
    return parts.map(([name = '', value = '']) => [decodeURIComponent(name), decodeURIComponent(value)])
  } catch {
    return undefined
  }
}

/** RFC 3986: unlike `encodeURIComponent`, only unreserved characters stay as they are. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`)

const canonicalQuery = (pairs: readonly Pair[]): string =>
  pairs
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    // By name first: sorted as text, `a-b=` would come before `a=`.
    .toSorted(([one, its], [other, others]) => compare(one, other) || compare(its, others))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other))

function readOverrides(pairs: readonly Pair[]): Readonly<Record<string, string>> | Refused {
  const unknown = pairs.find(([name]) => !isKnown(name))
  if (unknown) return notImplemented('A parameter does nothing here.')
  const asked = pairs.flatMap(([name, value]) => (name in overrides ? [[overrides[name] ?? '', value] as const] : []))
  if (!asked.every(([, value]) => /^[\x20-\x7e]*$/.test(value))) return badArgument('A header cannot hold that.')
  return Object.fromEntries(asked)
}
