/** What a presigned POST gives: where to, and the fields to send before the file. */
export interface Form {
  readonly url: string
  readonly fields: Readonly<Record<string, string>>
}

type Field = readonly [name: string, value: string]

/** A form as it is sent. */
export interface Post {
  readonly url: string
  readonly before: readonly Field[]
  /** Bytes of the file; none where it is absent. */
  readonly file?: number
  readonly after?: readonly Field[]
}

export interface Posted {
  readonly status: number
  /** S3's, where it refused. */
  readonly code: string | undefined
}

/** Sends a form as a browser does. */
export async function postForm({ url, before, file, after = [] }: Post): Promise<Posted> {
  const form = new FormData()
  for (const [name, value] of before) form.append(name, value)
  if (file !== undefined) form.append('file', new Blob(['x'.repeat(file)], { type: 'text/html' }), 'page.html')
  for (const [name, value] of after) form.append(name, value)
  const answer = await fetch(url, { method: 'POST', body: form, redirect: 'manual' })
  const [, code] = /<Code>(.*?)<\/Code>/.exec(await answer.text()) ?? []
  return { status: answer.status, code }
}

export interface Forgery {
  readonly name: string
  /** Of a form that allows 1 to `most` bytes of one content type under one key. */
  readonly of: (form: Form, most: number) => Post
  readonly status: number
  readonly code: string
}

const named = (name: string) => (field: string) => field.toLowerCase() === name

const asSent = ({ url, fields }: Form, file = 10): Post => ({ url, before: Object.entries(fields), file })

const without = (form: Form, ...names: readonly string[]): Post => {
  const kept = Object.entries(form.fields).filter(([field]) => !names.some((name) => named(name)(field)))
  return { ...asSent(form), before: kept }
}

const changed = (form: Form, name: string, change: (value: string) => string): Post => {
  const fields = Object.entries(form.fields)
  return {
    ...asSent(form),
    before: fields.map(([field, value]) => [field, named(name)(field) ? change(value) : value]),
  }
}

const added = (form: Form, ...more: readonly Field[]): Post => ({
  ...asSent(form),
  before: [...Object.entries(form.fields), ...more],
})

const rewritten = (form: Form, change: (policy: string) => string): Post =>
  changed(form, 'policy', (value) =>
    Buffer.from(change(Buffer.from(value, 'base64').toString('utf8'))).toString('base64'),
  )

const of = (status: number, code: string) => (name: string, forge: Forgery['of']) => ({ name, of: forge, status, code })
const denied = of(403, 'AccessDenied')
const unsigned = of(403, 'SignatureDoesNotMatch')

/** Forms that no store may take: a real one and this one are held to the same list. */
export const forgeries: readonly Forgery[] = [
  of(400, 'EntityTooLarge')('a byte too many', (form, most) => asSent(form, most + 1)),
  of(400, 'EntityTooLarge')('many bytes too many', (form, most) => asSent(form, most + (8 << 20))),
  of(400, 'EntityTooSmall')('an empty file', (form) => asSent(form, 0)),
  denied('another content type', (form) => changed(form, 'content-type', () => 'text/html')),
  denied('a content type that goes on', (form) => changed(form, 'content-type', (value) => `${value}, text/html`)),
  denied('no content type', (form) => without(form, 'content-type')),
  denied('another key', (form) => changed(form, 'key', () => 'somebody-elses')),
  denied('a key that goes on', (form) => changed(form, 'key', (value) => `${value}/more`)),
  denied('the file’s name as key', (form) => changed(form, 'key', () => '${filename}')),
  denied('another bucket in the form', (form) => changed(form, 'bucket', () => 'another')),
  denied('an acl', (form) => added(form, ['acl', 'public-read'])),
  denied('an acl as header', (form) => added(form, ['x-amz-acl', 'public-read'])),
  denied('metadata', (form) => added(form, ['x-amz-meta-owner', 'mallory'])),
  denied('a redirect', (form) => added(form, ['success_action_redirect', 'http://127.0.0.1/'])),
  denied('an encoding', (form) => added(form, ['content-encoding', 'gzip'])),
  unsigned('a policy of more bytes', (form, most) => rewritten(form, (text) => text.replace(String(most), '99999999'))),
  unsigned('a policy that ends later', (form) => rewritten(form, (text) => text.replace(/"20\d\d-/, '"2099-'))),
  unsigned('a policy of another type', (form) =>
    rewritten(form, (text) => text.replaceAll(form.fields['content-type'] ?? '', 'text/html')),
  ),
  unsigned('a wrong signature', (form) => changed(form, 'x-amz-signature', () => '0'.repeat(64))),
  unsigned('half a signature', (form) => changed(form, 'x-amz-signature', (value) => value.slice(0, 32))),
  denied('no signature', (form) => without(form, 'x-amz-signature')),
  denied('no policy', (form) => without(form, 'policy')),
  denied('neither', (form) => without(form, 'policy', 'x-amz-signature', 'x-amz-credential', 'x-amz-algorithm')),
  of(403, 'InvalidAccessKeyId')('an unknown key', (form) =>
    changed(form, 'x-amz-credential', (value) => value.replace(/^[^/]+/, 'AKIAMALLORY000000000')),
  ),
  of(400, 'InvalidArgument')('no file', (form) => {
    const { url, before } = asSent(form)
    return { url, before }
  }),
  of(400, 'InvalidArgument')('the file first', (form) => {
    const { url, before, file = 0 } = asSent(form)
    return { url, before: [], file, after: before }
  }),
  denied('the signature after the file', (form) => {
    const { before } = asSent(form)
    const after = before.filter(([field]) => named('x-amz-signature')(field))
    return { ...without(form, 'x-amz-signature'), after }
  }),
  of(404, 'NoSuchBucket')('another bucket in the address', (form) => ({
    ...asSent(form),
    url: form.url.replace(/\/[^/]*\/?$/, '/another'),
  })),
]
