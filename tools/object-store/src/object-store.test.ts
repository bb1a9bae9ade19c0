import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { signAddress, type AddressWish, signForm } from '../test/sign.ts'
import { forgeries, type Form, type ObjectStore, postForm, startObjectStore } from './index.ts'

let directory: string
let store: ObjectStore
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'objects-'))
  store = await startObjectStore({ stateDir: directory, publicPrefix: 'pub' })
})
afterAll(async () => {
  await store.close()
  rmSync(directory, { recursive: true })
})

let keys = 0
const newKey = () => `paper-${String(keys++)}`
const post = ({ url, fields }: Form, file: number) => postForm({ url, before: Object.entries(fields), file })
const ask = (wish: AddressWish) => fetch(signAddress(store, wish), { method: wish.method ?? 'GET' })
const filesOf = (place = directory) => readdirSync(place).toSorted()

test('a file comes in by a signed form, and out by a signed address, as what the form said', async () => {
  const key = newKey()
  expect(await post(signForm(store, { key }), 500)).toEqual({ status: 204, code: undefined })
  const answer = await ask({ key })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('image/png')
  expect(answer.headers.get('server')).toContain('development')
  expect(await answer.text()).toBe('x'.repeat(500))
  const head = await ask({ key, method: 'HEAD' })
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '500', ''])
})

test('the lengths that a policy allows are let in, to the byte', async () => {
  for (const length of [1, 1000])
    expect(await post(signForm(store, { key: newKey() }), length)).toMatchObject({ status: 204 })
})

test.each(forgeries)('it takes no form with $name, and keeps nothing of it', async ({ of, status, code }) => {
  const before = filesOf()
  const form = signForm(store, { key: newKey(), most: 1000 })
  expect(await postForm(of(form, 1000))).toEqual({ status, code })
  expect(filesOf()).toEqual(before)
})

test('it takes no form that has expired, or was signed in another week', async () => {
  const signedAt = new Date(Date.now() - 8 * 24 * 3600 * 1000)
  for (const wish of [{ lifetime: 0 }, { lifetime: -60_000 }, { signedAt }])
    expect(await post(signForm(store, wish), 10)).toEqual({ status: 403, code: 'AccessDenied' })
})

test('a field with a meaning that it does not have here is refused, even where the policy allows it', async () => {
  const answer = await post(signForm(store, { key: newKey(), fields: { acl: 'public-read' } }), 10)
  expect(answer).toEqual({ status: 501, code: 'NotImplemented' })
})

test('the file’s name may be part of the key, where the policy says what it begins with', async () => {
  const { access } = store
  const conditions = [
    { bucket: access.bucket },
    ['starts-with', '$key', 'dir/'],
    ...['$content-type', '$x-amz-algorithm', '$x-amz-credential', '$x-amz-date'].map((name) => [
      'starts-with',
      name,
      '',
    ]),
  ]
  expect(await post(signForm(store, { key: 'dir/${filename}', conditions }), 10)).toMatchObject({ status: 204 })
  expect((await ask({ key: 'dir/page.html' })).status).toBe(200)
  const outside = await post(signForm(store, { key: '${filename}', conditions }), 10)
  expect(outside).toEqual({ status: 403, code: 'AccessDenied' })
})

test('a field that is there twice is refused: two servers might read two forms', async () => {
  const form = signForm(store, { key: newKey() })
  const before = Object.entries(form.fields)
  const twice = [...before, ['Key', 'another'] as const]
  expect(await postForm({ url: form.url, before: twice, file: 10 })).toEqual({ status: 400, code: 'InvalidArgument' })
})

test('what comes before the file is bounded', async () => {
  const form = signForm(store)
  const withMore = (more: readonly (readonly [string, string])[]) =>
    postForm({ url: form.url, before: [...more, ...Object.entries(form.fields)], file: 10 })
  const long = await withMore([['x-ignore-a', 'a'.repeat(21 * 1024)]])
  expect(long).toEqual({ status: 400, code: 'MaxPostPreDataLengthExceededError' })
  const many = await withMore(Array.from({ length: 101 }, (_, index) => [`x-ignore-${String(index)}`, ''] as const))
  expect(many).toEqual({ status: 400, code: 'MalformedPOSTRequest' })
})

/** Sends bytes as they are. */
const send = (body: string, { type, cut = false }: { type: string; cut?: boolean }) =>
  new Promise<number | undefined>((resolve) => {
    const headers = { 'content-type': type, ...(cut && { 'content-length': body.length + 1000 }) }
    const sent = request(`${store.url}/${store.access.bucket}`, { method: 'POST', headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    sent.on('error', () => resolve(undefined))
    if (cut) sent.write(body, () => setTimeout(() => sent.destroy(), 50))
    else sent.end(body)
  })

const multipart = 'multipart/form-data; boundary=b'
const part = (head: string, body: string) => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}`
function unfinished(form: Form, fields = Object.entries(form.fields)) {
  const written = fields.map(([name, value]) => part(`name="${name}"`, `${value}\r\n`)).join('')
  return written + part('name="file"; filename="a"', 'half of it')
}

test('half a form leaves nothing behind, whether it may come in or not, and breaks nothing', async () => {
  const before = filesOf()
  const form = signForm(store, { key: newKey() })
  for (const body of [unfinished(form), unfinished(form, [['key', 'a']]), '--b\r\nContent-Disp', ''])
    expect(await send(body, { type: multipart })).toBe(400)
  for (const body of [unfinished(form), unfinished(form, [['key', 'a']])])
    expect(await send(body, { type: multipart, cut: true })).toBeUndefined()
  await expect.poll(() => filesOf()).toEqual(before)
})

test('what is no form is refused', async () => {
  expect(await send('{}', { type: 'application/json' })).toBe(412)
  expect(await send('', { type: 'multipart/form-data' })).toBe(412)
  expect(await send('', { type: 'multipart/form-data; charset=utf-8' })).toBe(400)
})

test('without a signature nobody reads, nor learns whether there is something', async () => {
  const key = newKey()
  await post(signForm(store, { key }), 10)
  for (const path of [key, 'nothing', `${key}?response-content-type=text/html`]) {
    const url = `${store.url}/${store.access.bucket}/${path}`
    const answer = await fetch(url)
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')])
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(403)
  }
})

test('keys of the public prefix are for everybody, as they are', async () => {
  const key = `pub${newKey()}`
  await post(signForm(store, { key }), 10)
  const url = `${store.url}/${store.access.bucket}/${key}`
  expect((await fetch(url)).status).toBe(200)
  expect((await fetch(`${url}?response-content-type=text/html`)).status).toBe(403)
  expect((await fetch(`${url}-not-there`)).status).toBe(403)
})

test('a signed address says of the answer what its signer wanted', async () => {
  const key = newKey()
  await post(signForm(store, { key }), 10)
  const query = { 'response-content-type': 'application/pdf', 'x-id': 'GetObject' }
  expect((await ask({ key, query })).headers.get('content-type')).toBe('application/pdf')
  expect((await ask({ key, query: { versionId: '1' } })).status).toBe(501)
  expect((await ask({ key, query: { 'response-content-type': 'a\r\nb: c' } })).status).toBe(400)
})

test('a signed address is good for its key, its time and its method, and as it was signed', async () => {
  const key = newKey()
  await post(signForm(store, { key }), 10)
  expect((await ask({ key: 'nothing' })).status).toBe(404)
  const address = signAddress(store, { key, query: { 'response-content-type': 'image/png' } })
  const forged = [
    address.replace(key, 'another'),
    address.replace('Expires=60', 'Expires=6000'),
    address.replace('image%2Fpng', 'text%2Fhtml'),
    address.replace(/Signature=(.)/, (_, digit) => `Signature=${digit === '0' ? '1' : '0'}`),
    address.replace(/&X-Amz-Signature=.*/, ''),
    `${address}&response-cache-control=a`,
  ]
  for (const url of forged) expect((await fetch(url)).status).toBe(403)
  expect((await fetch(address, { method: 'HEAD' })).status).toBe(403)
  const signedAt = new Date(Date.now() - 61_000)
  expect((await ask({ key, signedAt })).status).toBe(403)
})

test('what is stored under a key again takes its place', async () => {
  const key = newKey()
  await post(signForm(store, { key }), 10)
  const before = filesOf().length
  await post(signForm(store, { key }), 20)
  expect(await (await ask({ key })).text()).toHaveLength(20)
  expect(filesOf()).toHaveLength(before)
})

test('there is nothing else of S3 here', async () => {
  const url = `${store.url}/${store.access.bucket}`
  expect((await fetch(url)).status).toBe(405)
  for (const method of ['PUT', 'DELETE', 'PATCH']) expect((await fetch(`${url}/a`, { method })).status).toBe(405)
  expect((await fetch(`${store.url}/another/a`)).status).toBe(404)
})

test('objects outlive the store, in files of their owner alone', async () => {
  const place = mkdtempSync(join(tmpdir(), 'objects-'))
  onTestFinished(() => rmSync(place, { recursive: true }))
  const first = await startObjectStore({ stateDir: place })
  expect(await post(signForm(first), 10)).toMatchObject({ status: 204 })
  await first.close()
  const next = await startObjectStore({ stateDir: place, access: first.access })
  onTestFinished(() => next.close())
  expect((await fetch(signAddress(next))).status).toBe(200)
  for (const name of filesOf(place)) expect(statSync(join(place, name)).mode & 0o777).toBe(0o600)
})
