import { request } from 'node:http'
import { createConnection } from 'node:net'
import { networkInterfaces } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { signAddress, signForm } from '../test/sign.ts'
import { type ObjectStore, type ObjectStoreOptions, postForm, startObjectStore } from './index.ts'

async function begin(options?: ObjectStoreOptions): Promise<ObjectStore> {
  const store = await startObjectStore(options)
  onTestFinished(() => store.close())
  return store
}

/** By `node:http`: `fetch` sets neither of these headers. */
const ask = (url: string, method: string, headers: Record<string, string>) =>
  new Promise<{ status: number; headers: Record<string, unknown> }>((resolve, reject) => {
    const asked = request(url, { method, headers }, (answer) => {
      answer.resume()
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers })
    })
    asked.on('error', reject)
    asked.end()
  })

const page = 'https://wallet.example'

test('a page may upload and read, where its browser asks first', async () => {
  const store = await begin({ origins: [page] })
  const url = `${store.url}/${store.access.bucket}`
  const wish = { origin: page, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-a' }
  const allowed = { 'access-control-allow-origin': page, 'access-control-allow-headers': 'x-a' }
  expect(await ask(url, 'OPTIONS', wish)).toMatchObject({ status: 200, headers: allowed })
  for (const other of [
    { ...wish, origin: 'https://another.example' },
    { ...wish, 'access-control-request-method': 'DELETE' },
  ])
    expect(await ask(url, 'OPTIONS', other)).toMatchObject({ status: 403 })
  await postForm({ ...signForm(store), before: Object.entries(signForm(store).fields), file: 10 })
  const read = await ask(signAddress(store), 'GET', { origin: page })
  expect(read).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': page } })
  const others = await ask(signAddress(store), 'GET', { origin: 'https://another.example' })
  expect(others.headers).not.toHaveProperty('access-control-allow-origin')
})

test('what it refuses, a page may read too', async () => {
  const store = await begin()
  const answer = await ask(`${store.url}/${store.access.bucket}/a`, 'GET', { origin: page })
  expect(answer).toMatchObject({ status: 403, headers: { 'access-control-allow-origin': '*' } })
})

test('it answers to no name but this machine’s', async () => {
  const store = await begin()
  const url = `${store.url}/${store.access.bucket}/a`
  for (const host of ['store.example', 'localhost.example:4030', '127.0.0.1.example'])
    expect(await ask(url, 'GET', { host })).toMatchObject({ status: 400 })
  expect(await ask(url, 'GET', { host: 'localhost:4030' })).toMatchObject({ status: 403 })
})

test('it listens on this machine only, and takes another port where its own is busy', async () => {
  const store = await begin()
  const port = Number(new URL(store.url).port)
  expect((await begin({ port })).url).not.toBe(store.url)
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
  for (const { address } of outside) expect(await connects(address, port)).toBe(false)
})

const connects = (host: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = createConnection({ host, port }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
