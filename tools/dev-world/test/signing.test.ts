import { createHash, createPublicKey, verify } from 'node:crypto'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { Secret, toBase64url } from '@strongroom/crypto'
import { fromAccountId, fromSeedText, newSeed, signerOf } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keepWallet } from '../src/kept-wallet.ts'
import { makePlaces, runCommand, type TestPlaces } from './running-world.ts'

interface Received {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let places: TestPlaces
const received: Received[] = []
const server = createServer((request, response) => void hear(request, response))
async function hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = request
  received.push({ method, url, headers, body: await text(request) })
  response.end('heard')
}
let address = ''
beforeAll(async () => {
  places = makePlaces()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  address = `http://127.0.0.1:${String((server.address() as { port: number }).port)}`
})
afterAll(async () => {
  server.close()
  await places.remove()
})

const run = promisify(execFile)
const sign = (...args: string[]) => runCommand(places, 'sign-main.ts', ...args)
const wallet = (...args: string[]) => runCommand(places, 'wallet-main.ts', ...args)
const keyOf = (name: string) => sign('--key', name, '--show').said.trim()

/** As `npm run --silent sign -- … | sh` does. */
async function send(...args: string[]): Promise<Received> {
  const { status, said, complained } = sign(...args, '--url', address)
  expect({ status, complained, lines: said.split('\n').length }).toEqual({ status: 0, complained: '', lines: 2 })
  expect((await run('sh', ['-c', said])).stdout).toBe('heard')
  const last = received.pop()
  if (!last) throw new Error('nothing was sent')
  return last
}

/** Whether the signature is that key's, over what was received. */
function isSignedBy(key: string, { method, url, headers }: Received): boolean {
  const signed = /headers="([^"]+)",signature="([^"]+)"/.exec(String(headers['signature']))
  const [, names = '', signature = ''] = signed ?? []
  const target = `${String(method).toLowerCase()} ${String(url)}`
  const lines = names
    .split(' ')
    .map((name) => `${name}: ${name === '(request-target)' ? target : String(headers[name])}`)
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(fromAccountId(key)) }
  const publicKey = createPublicKey({ format: 'jwk', key: jwk })
  const digest = createHash('sha256').update(lines.join('\n')).digest()
  return verify(null, digest, publicKey, Buffer.from(signature, 'base64'))
}

describe('a signed request', () => {
  test('is a line of curl that sends what was signed, an administrator’s where nobody is named', async () => {
    const sent = await send('get', '/identities?page[limit]=5&filter[email]=a%2Bb@example.com')
    const admin = keyOf('admin')
    expect(sent).toMatchObject({
      method: 'GET',
      url: '/identities?page[limit]=5&filter[email]=a%2Bb@example.com',
      body: '',
    })
    expect(sent.headers).toMatchObject({ 'account-id': admin, signature: expect.stringContaining(`keyId="${admin}"`) })
    expect(isSignedBy(admin, sent)).toBe(true)
    expect(isSignedBy(keyOf('bob'), sent)).toBe(false)
  })

  test('brings a body as it was given, whatever a shell would read in it, for another account', async () => {
    const data = `{"a":"it's $HOME \`id\` \\"b\\""}`
    const account = keyOf('carl')
    const sent = await send('POST', '/blobs', '--data', data, '--key', 'bob', '--account', account)
    expect(sent).toMatchObject({ method: 'POST', body: data })
    expect(sent.headers).toMatchObject({ 'account-id': account, 'content-type': 'application/vnd.api+json' })
    expect(isSignedBy(keyOf('bob'), sent)).toBe(true)
  })

  test('covers date, body and a nonce where that is asked for, each time anew', async () => {
    const first = await send('PUT', '/x', '--data', '{}', '--strict')
    const second = await send('PUT', '/x', '--data', '{}', '--strict')
    expect(first.headers['signature']).toContain('headers="(request-target) date digest x-nonce"')
    expect(first.headers['digest']).toBe(`SHA-256=${createHash('sha256').update('{}').digest('base64')}`)
    expect(isSignedBy(keyOf('admin'), first)).toBe(true)
    expect(second.headers['signature']).not.toBe(first.headers['signature'])
  })

  test('is of a wallet that signed in, for its account', async () => {
    const [seed, { keyId: accountId }] = [newSeed(), signerOf(newSeed())]
    const signer = signerOf(seed)
    const opened = {
      email: 'Ann@example.com',
      accountId,
      seeds: [seed],
      signer,
      id: new Secret(''),
      isVerified: true,
    } as const
    keepWallet(places, opened)
    const sent = await send('GET', '/x', '--key', 'ann@example.com')
    expect(sent.headers['account-id']).toBe(accountId)
    expect(isSignedBy(signer.keyId, sent)).toBe(true)
    expect(statSync(join(places.home, 'wallets/ann@example.com.json')).mode & 0o777).toBe(0o600)
    expect(sign('GET', '/x', '--key', 'bob@example.com', '--url', address)).toMatchObject({ status: 1, said: '' })
  })

  test('wants a target that goes out as it is signed: a line says what there is', () => {
    const bad = [
      ['GET'],
      ['GET', 'x'],
      ['GET', '/a b'],
      ['GET', '/a#b'],
      ['GET', '/ä'],
      ['LOOK', '/a'],
      ['GET', '/a', '/b'],
    ]
    const odd = [
      ['GET', '/a', '--key', '../x'],
      ['GET', '/a', '--account', 'G'],
      ['GET', '/a', '--show'],
      ['--show', '--seed'],
    ]
    for (const args of [...bad, ...odd]) {
      expect(sign(...args, '--url', address)).toEqual({
        status: 2,
        said: '',
        complained: expect.stringContaining('--strict'),
      })
    }
  })

  test('goes nowhere without a world or an address', () => {
    expect(sign('GET', '/x')).toEqual({
      status: 1,
      said: '',
      complained: expect.stringContaining('No development world'),
    })
  })
})

describe('a key', () => {
  test('is drawn once for a name and lies in a file of its owner alone; its seed is printed to who asks for that', () => {
    const dora = keyOf('dora')
    expect(dora).toMatch(/^G[A-Z2-7]{55}$/)
    expect(keyOf('dora')).toBe(dora)
    expect(keyOf('erin')).not.toBe(dora)
    const path = join(places.home, 'keys/dora.seed')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const seed = sign('--key', 'dora', '--seed').said.trim()
    expect(signerOf(fromSeedText(new Secret(seed))).keyId).toBe(dora)
    expect(readFileSync(path, 'utf8')).toBe(seed)
    expect(sign('GET', '/x', '--key', 'dora', '--url', address).said).not.toContain(seed)
  })
})

describe('the command of a wallet app', () => {
  test('wants a wallet and what the command needs: lines say what there is', () => {
    const bad = [[], ['sign-up'], ['sign-up', 'ann@example.com'], ['sign-up', '../x@example.com', '--password', 'p']]
    const odd = [
      ['verify'],
      ['open', 'ann@example.com'],
      ['toString', 'ann@example.com'],
      ['change-password', 'a@b.c', '--password', 'p'],
    ]
    for (const args of [...bad, ...odd]) {
      expect(wallet(...args)).toEqual({ status: 2, said: '', complained: expect.stringContaining('Passwords on a') })
    }
  })

  test('says so where no world runs, or none of its apps keeps wallets', () => {
    const signUp = ['sign-up', 'ann@example.com', '--password', 'p']
    expect(wallet(...signUp)).toMatchObject({ status: 1, complained: expect.stringContaining('No development world') })
    writeFileSync(join(places.home, 'world.json'), JSON.stringify({ apps: {} }))
    expect(wallet(...signUp)).toMatchObject({
      status: 1,
      complained: expect.stringContaining('without identity-storage'),
    })
    writeFileSync(
      join(places.home, 'world.json'),
      JSON.stringify({ apps: { 'identity-storage': 'http://127.0.0.1:1' } }),
    )
    expect(wallet(...signUp)).toMatchObject({ status: 1, complained: expect.stringContaining('No development world') })
  })
})
