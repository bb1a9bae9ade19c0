import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import type { RawRequest } from '@strongroom/http'
import { readStrkey } from '../src/strkey.ts'

/** A published key: the first of the vectors, and another. */
export const seeds = {
  ann: 'SCDMOOXVNMO6SA22AYUMZDIGLDJMBUTVEGB73FFNTLFJILBJWIU4NQ3D',
  eve: 'SANRZWBGCH6L6PPVW5KFHCETRMP6N3NJJD7F2FS54HTCXHVVXMB4BP2F',
} as const

const ids = {
  ann: 'GBLTOG6EJS5OWDNQNSCEAVDNMPBY6F73XZHHKR27YE5AKE23ZZEXOLBK',
  eve: 'GB65IHVVJOGUYKZLHT3GAZOWHCBMZLQLDJAWXJM5LUXI35LNAHHBQUKB',
} as const

export type Who = keyof typeof seeds

export const idOf = (who: Who): string => ids[who]

export function keyOf(seed: string): KeyObject {
  const bytes = Buffer.from(readStrkey('seed', seed) ?? [])
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), bytes])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest()

export const digestOf = (body: string): string => `SHA-256=${sha256(body).toString('base64')}`

export type Headers = readonly (readonly [string, string])[]

export interface Wish {
  readonly who?: Who
  readonly method?: string
  readonly target?: string
  readonly body?: string
  /** Sent, and signed where `covered` names them. */
  readonly headers?: Headers
  readonly covered?: string
}

/** `keyId="…",…` as clients write it. */
export function signatureOf({
  who = 'ann',
  method = 'GET',
  target = '/',
  headers = [],
  covered = '(request-target)',
}: Wish): string {
  const lines = covered.split(' ').map((name) => {
    const value = name.startsWith('(')
      ? `${method.toLowerCase()} ${target}`
      : (headers.find(([one]) => one === name)?.[1] ?? '')
    return `${name}: ${value}`
  })
  const signature = sign(null, sha256(lines.join('\n')), keyOf(seeds[who])).toString('base64')
  return `keyId="${idOf(who)}",algorithm="ed25519-sha256",headers="${covered}",signature="${signature}"`
}

/** The headers of a signed request. */
export const signedHeaders = (wish: Wish): Headers => [...(wish.headers ?? []), ['signature', signatureOf(wish)]]

/** What the strict profile demands; pages of browsers date by `x-date`. */
export function strictly({
  body = '',
  date = new Date(),
  dateHeader = 'date',
  ...wish
}: Omit<Wish, 'covered'> & { date?: Date; dateHeader?: 'date' | 'x-date' } = {}): Wish {
  const headers = [...(wish.headers ?? []), [dateHeader, date.toUTCString()], ['digest', digestOf(body)]] as const
  return { ...wish, body, headers, covered: `(request-target) ${dateHeader} digest` }
}

/** A request as it arrives. */
export function arriving({ method = 'GET', target = '/', body = '' }: Wish, headers: Headers): RawRequest {
  return {
    method,
    target,
    headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
    rawHeaders: headers.flat(),
    body: Buffer.from(body),
  }
}
