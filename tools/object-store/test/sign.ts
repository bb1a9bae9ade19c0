import { createHash } from 'node:crypto'
import type { Form, ObjectStore } from '../src/index.ts'
import { ALGORITHM, type Scope, scopeText, signText } from '../src/sig-v4.ts'

/** `20260115T103000Z`. */
export const timeText = (at: Date): string => at.toISOString().replace(/[-:]|\.\d{3}/g, '')

export interface FormWish {
  readonly key?: string
  readonly most?: number
  /** Milliseconds from now. */
  readonly lifetime?: number
  /** Fields beside those that every form has, each with a condition that it is that value. */
  readonly fields?: Readonly<Record<string, string>>
  /** In place of all conditions. */
  readonly conditions?: readonly unknown[]
  readonly signedAt?: Date
}

/** A form as an app makes it: signed for a key, a content type and a length. */
export function signForm(store: ObjectStore, wish: FormWish = {}): Form {
  const { key = 'paper', most = 1000, lifetime = 60_000, signedAt = new Date() } = wish
  const { access, url } = store
  const date = timeText(signedAt)
  const scope: Scope = { day: date.slice(0, 8), region: access.region }
  const fields = {
    bucket: access.bucket,
    key: key,
    'content-type': 'image/png',
    'x-amz-algorithm': ALGORITHM,
    'x-amz-credential': `${access.accessKeyId}/${scopeText(scope)}`,
    'x-amz-date': date,
    ...wish.fields,
  }
  const conditions = wish.conditions ?? [
    ['content-length-range', 1, most],
    ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
  ]
  const expiration = new Date(Date.now() + lifetime).toISOString()
  const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64')
  const signature = signText(access.secretAccessKey, scope, policy)
  return { url: `${url}/${access.bucket}`, fields: { ...fields, policy, 'x-amz-signature': signature } }
}

export interface AddressWish {
  readonly key?: string
  readonly method?: 'GET' | 'HEAD'
  /** Seconds. */
  readonly lifetime?: number
  readonly signedAt?: Date
  readonly query?: Readonly<Record<string, string>>
}

/** An address that may be asked once and again until it expires. */
export function signAddress({ access, url }: ObjectStore, wish: AddressWish = {}): string {
  const { key = 'paper', method = 'GET', lifetime = 60, signedAt = new Date() } = wish
  const date = timeText(signedAt)
  const scope: Scope = { day: date.slice(0, 8), region: access.region }
  const path = `/${access.bucket}/${key.split('/').map(encodeURIComponent).join('/')}`
  const query = Object.entries({
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${access.accessKeyId}/${scopeText(scope)}`,
    'X-Amz-Date': date,
    'X-Amz-Expires': String(lifetime),
    'X-Amz-SignedHeaders': 'host',
    ...wish.query,
  })
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .toSorted()
    .join('&')
  const request = [method, path, query, `host:${new URL(url).host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n')
  const digest = createHash('sha256').update(request).digest('hex')
  const text = [ALGORITHM, date, scopeText(scope), digest].join('\n')
  return `${url}${path}?${query}&X-Amz-Signature=${signText(access.secretAccessKey, scope, text)}`
}
