import { forgeries, postForm, type Posted } from '@strongroom/object-store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ObjectStore } from '../src/documents/index.ts'

export interface StoreUnderTest extends AsyncDisposable {
  readonly objects: ObjectStore
}

export interface StoreContract {
  readonly start: () => Promise<StoreUnderTest>
  /** What a store says else to a forgery, by its name; 204 is a gap of that store. */
  readonly says?: Readonly<Record<string, Posted>>
}

const HOUR = 3600
const upload = { key: 'a-paper', contentType: 'image/png', largest: 1000, lifetime: HOUR }
const download = { key: 'a-paper', contentType: 'image/png', lifetime: HOUR }

/** What every store must do for what our adapter signs: the one of development, and a real one. */
export function storeKeepsToWhatWeSign({ start, says = {} }: StoreContract): void {
  let store: StoreUnderTest
  let objects: ObjectStore
  beforeAll(async () => {
    store = await start()
    objects = store.objects
  })
  afterAll(() => store[Symbol.asyncDispose]())

  const formOf = async (wish: Partial<typeof upload> = {}) => {
    const { url, fields } = await objects.presignUpload({ ...upload, ...wish })
    return { url, fields: { ...fields } }
  }
  const post = async (wish: Partial<typeof upload> = {}, file = 100) => {
    const { url, fields } = await formOf(wish)
    return postForm({ url, before: Object.entries(fields), file })
  }
  const read = async (wish: Partial<typeof download> = {}) =>
    fetch(await objects.presignDownload({ ...download, ...wish }))

  test('a form lets one file in, and an address lets it out as what the form said', async () => {
    expect(await post()).toEqual({ status: 204, code: undefined })
    const file = await read()
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(await file.text()).toBe('x'.repeat(100))
  })

  test('to the byte: one and a thousand are let in', async () => {
    for (const bytes of [1, 1000])
      expect(await post({ key: `of-${String(bytes)}` }, bytes)).toMatchObject({ status: 204 })
  })

  test('what may run is answered so that a browser saves it', async () => {
    await post({ key: 'a-page', contentType: 'text/html' })
    const file = await read({ key: 'a-page', contentType: 'text/html' })
    expect(file.headers.get('content-disposition')).toBe('attachment')
  })

  test.each(forgeries)('a form is not good for $name', async ({ name, of, status, code }) => {
    const key = `forged-${name.replaceAll(/\W/g, '-')}`
    const said = says[name] ?? { status, code }
    expect(await postForm(of(await formOf({ key }), 1000))).toEqual(said)
    expect((await read({ key })).status).toBe(said.status === 204 ? 200 : 404)
  })

  test('forms and addresses expire', async () => {
    await post()
    const form = await formOf({ lifetime: 1 })
    const address = await objects.presignDownload({ ...download, lifetime: 1 })
    await expect.poll(async () => (await fetch(address)).status).toBe(403)
    const late = () => postForm({ url: form.url, before: Object.entries(form.fields), file: 1 })
    await expect.poll(late).toEqual({ status: 403, code: 'AccessDenied' })
  })

  test('an address is good for no other file, type or time, and without its signature for nothing', async () => {
    await post()
    await post({ key: 'b-paper' })
    const address = await objects.presignDownload(download)
    for (const other of [
      address.replace('a-paper', 'b-paper'),
      address.replace('image%2Fpng', 'text%2Fhtml'),
      address.replace(/&response-content-type=[^&]*/, ''),
      address.replace('Expires=3600', 'Expires=36000'),
      address.replace(/\?.*/, ''),
    ]) {
      expect(other).not.toBe(address)
      expect((await fetch(other)).status).toBe(403)
    }
  })
}
