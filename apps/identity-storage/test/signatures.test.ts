import { newSeed, signerOf } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answered, clientOf, refused, startIdentityStorage, told, type World } from './client.ts'
import { newWallet, type Owner } from './owners.ts'
import {
  digestOf,
  headerOf,
  secondsAgo,
  sha256,
  signatureOf,
  signerOfSeed,
  type SigningWish,
  vectors,
} from './signing.ts'

let world: World
let ann: Owner
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off' } })
  ann = await newWallet(world)
})
afterAll(() => world[Symbol.asyncDispose]())

/** What its owner may read by a signature, and nobody else. */
const ownOf = ({ accountId }: Owner) => `/v3/kyc_recovery_requests?filter[requestor]=${accountId}`
const get = (headers: Readonly<Record<string, string>>, path = ownOf(ann)) => world.ask({ path, headers })
const signed = async (wish: Partial<SigningWish> = {}, path = ownOf(ann)): Promise<Answered> => {
  const whole = { by: ann.signer, target: path, ...wish }
  return get({ ...whole.headers, signature: await headerOf(whole) }, path)
}
const unreadable = (reason: string) =>
  refused(400, { detail: 'Request signature was invalid in some way', meta: { reason } })
const bare = refused(401)

/** Two of the published ones are of one key. */
const owners = new Map<string, Promise<Owner>>()
function ownerOf(signer: Owner['signer']): Promise<Owner> {
  const made = owners.get(signer.keyId) ?? newWallet(world, { signer, accountId: signer.keyId })
  owners.set(signer.keyId, made)
  return made
}

describe.each(vectors.signed)(
  'the published signature of $name',
  ({ seed, keyId, target, headers, covered, signature }) => {
    test('is what this key signs, and of its shape those of our own requests are good, while their date is', async () => {
      const by = signerOfSeed(seed)
      const published = Object.fromEntries(Object.entries(headers))
      expect([by.keyId, await signatureOf({ by, target, covered, headers: published })]).toEqual([keyId, signature])
      const path = ownOf(await ownerOf(by))
      const now: Record<string, string> = { ...published, 'real-request-target': `get ${path}`, date: secondsAgo(0) }
      const sent = Object.fromEntries(
        covered.split(' ').flatMap((name) => (now[name] === undefined ? [] : [[name, now[name]]])),
      )
      expect((await signed({ by, covered, headers: sent }, path)).status).toBe(200)
      const late = 'date' in published ? { ...sent, date: published['date'] ?? '' } : sent
      expect((await signed({ by, covered, headers: late }, path)).status).toBe('date' in published ? 401 : 200)
    })
  },
)

describe('the header', () => {
  test.each([
    ['Signature', (text: string) => ({ signature: text })],
    ['Authorization, without a scheme, as telephones send it', (text: string) => ({ authorization: text })],
    ['Authorization, with its scheme', (text: string) => ({ authorization: `Signature ${text}` })],
    ['with its parameters in another order', (text: string) => ({ signature: text.split(',').toReversed().join(',') })],
    ['with spaces behind commas', (text: string) => ({ signature: text.replaceAll(',', ', ') })],
  ])('is %s', async (_, headers) => {
    expect((await get(headers(await headerOf({ by: ann.signer, target: ownOf(ann) })))).status).toBe(200)
  })

  test('may say (request-header), as the documents do', async () => {
    expect((await signed({ covered: '(request-header)' })).status).toBe(200)
    expect((await signed({ covered: '(Request-Target)' })).status).toBe(200)
  })

  test('is one: with Signature and Authorization both, or two of one, nobody chooses', async () => {
    const text = await headerOf({ by: ann.signer, target: ownOf(ann) })
    const expected = unreadable('more than one signature')
    expect(told(await get({ signature: text, authorization: text }))).toEqual(expected)
    expect(told(await get({ signature: text, authorization: 'Basic YTpi' }))).toEqual(expected)
    expect(told(await get({ signature: text, 'x-authsignature': 'AAAA' }))).toEqual(expected)
  })

  const other = 'GB65IHVVJOGUYKZLHT3GAZOWHCBMZLQLDJAWXJM5LUXI35LNAHHBQUKB'
  const list = 'not a list of name="value"'
  const parameter = 'a parameter is unknown, repeated or missing'
  const algorithm = 'algorithm is not ed25519-sha256'
  const keyId = 'keyId is no account key'
  const headers = 'headers is empty, repeats a name, or names what cannot be signed'
  const signature = 'signature is not 64 bytes in base64'
  const spoilt: readonly [string, (text: string) => string][] = [
    [list, () => 'x'],
    [list, () => 'Bearer abc'],
    [list, (text) => `${text},`],
    [list, (text) => text.replaceAll('"', '')],
    [list, (text) => text.replaceAll('"', "'")],
    [list, (text) => text.replace('keyId=', 'keyId =')],
    [list, (text) => `Signature Signature ${text}`],
    [parameter, (text) => `${text},created="1"`],
    [parameter, (text) => `${text},keyId="${other}"`],
    [parameter, (text) => text.replace(/,headers="[^"]*"/, '')],
    [parameter, (text) => text.replace('algorithm', 'Algorithm')],
    [parameter, (text) => text.replace('keyId', '__proto__').replaceAll('_', '')],
    [algorithm, (text) => text.replace('ed25519-sha256', 'ed25519')],
    [algorithm, (text) => text.replace('ed25519-sha256', 'hs2019')],
    [keyId, (text) => text.replace(ann.signer.keyId, ann.signer.keyId.toLowerCase())],
    [keyId, (text) => text.replace(ann.signer.keyId, '')],
    [keyId, (text) => text.replace(ann.signer.keyId, `${other.slice(0, -1)}A`)],
    [keyId, (text) => text.replace(ann.signer.keyId, vectors.signed[0]?.seed ?? '')],
    [keyId, (text) => text.replace(ann.signer.keyId, 'GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF')],
    [headers, (text) => text.replace('(request-target)', '')],
    [headers, (text) => text.replace('(request-target)', '(request-target) (request-target)')],
    [headers, (text) => text.replace('(request-target)', '(request-target)  date')],
    [headers, (text) => text.replace('(request-target)', '(created)')],
    [headers, (text) => text.replace('(request-target)', '(request-target) h\u00e9')],
    [signature, (text) => text.replace(/signature="[^"]*"/, 'signature=""')],
    [signature, (text) => text.replace(/signature="[^"]*"/, 'signature="AAAA"')],
    [signature, (text) => text.replace(/=="$/, '"')],
    [signature, (text) => text.replace(/signature="./, 'signature="*')],
  ]
  test.each(spoilt)('is refused as it is unreadable: %s (%#)', async (reason, spoil) => {
    const text = spoil(await headerOf({ by: ann.signer, target: ownOf(ann) }))
    expect(told(await get({ signature: text }))).toEqual(unreadable(reason))
  })

  test('of any bytes is 400 or 401, and never a crash', async () => {
    const good = await headerOf({ by: ann.signer, target: ownOf(ann) })
    for (let round = 0; round < 200; round++) {
      // Another printable letter in the place of each, so that none is what it was.
      const text = good
        .split('')
        .map((letter, at) => (at % 200 === round ? (letter === 'x' ? 'y' : 'x') : letter))
        .join('')
      expect([400, 401], `of ${text}`).toContain((await get({ signature: text })).status)
    }
    for (const text of ['\u00ff'.repeat(50), '"'.repeat(500), ','.repeat(2000), `keyId="${'A'.repeat(9000)}"`])
      expect([400, 401]).toContain((await get({ authorization: text })).status)
  })

  test('is there', async () => {
    for (const empty of [{ signature: '' }, { authorization: '' }])
      expect([400, 401]).toContain((await get(empty)).status)
    expect(told(await get({}))).toEqual(bare)
  })
})

describe('a signature', () => {
  test('is of its method, its target to the byte, and its key', async () => {
    const own = ownOf(ann)
    for (const wish of [
      { method: 'POST' },
      { target: `${own}&` },
      { target: own.replace('[', '%5B') },
      { target: own.split('?')[0] ?? '' },
      { target: `http://127.0.0.1${own}` },
      { by: { ...signerOf(newSeed()), keyId: ann.signer.keyId } },
    ])
      expect(told(await signed(wish))).toEqual(bare)
  })

  test('is over what came over the wire, not over what it means: brackets, escapes and empty values stay', async () => {
    const base = '/v3/kyc_recovery_requests'
    for (const query of [
      `?filter%5Brequestor%5D=${ann.accountId}`,
      `?filter[requestor]=${ann.accountId}&x=%20%2B+a`,
      `?page[limit]=5&filter[requestor]=${ann.accountId}&page[number]=1`,
      `?filter[requestor]=${ann.accountId}&`,
    ])
      expect((await signed({}, `${base}${query}`)).status, `of ${query}`).toBe(200)
  })

  test('is good again, as a retry of a published client sends the same', async () => {
    const text = await headerOf({ by: ann.signer, target: ownOf(ann) })
    for (const _ of [1, 2, 3]) expect((await get({ signature: text })).status).toBe(200)
  })

  test('must cover the target', async () => {
    const headers = { date: secondsAgo(0), digest: digestOf(''), host: 'x' }
    for (const covered of ['date', 'date digest', 'host'])
      expect(told(await signed({ covered, headers }))).toEqual(bare)
  })

  test.each(['date', 'x-date'])('that covers %s is good for an hour, and a minute before', async (name) => {
    const covered = `(request-target) ${name}`
    for (const [seconds, status] of [
      [3500, 200],
      [0, 200],
      [-50, 200],
      [3610, 401],
      [-600, 401],
    ] as const)
      expect(
        (await signed({ covered, headers: { [name]: secondsAgo(seconds) } })).status,
        `of ${String(seconds)} s`,
      ).toBe(status)
    for (const date of ['', 'now', new Date().toISOString(), secondsAgo(0).replace('GMT', 'UTC')])
      expect(told(await signed({ covered, headers: { [name]: date } }))).toEqual(bare)
  })

  test('does not cover a date that was not signed', async () => {
    expect((await signed({ headers: { date: secondsAgo(100_000) } })).status).toBe(200)
  })

  test('that covers a digest is good for that body alone', async () => {
    const path = `/wallets/${ann.walletId}/factors`
    const body = JSON.stringify({ data: { type: 'totp' } })
    const covered = '(request-target) digest'
    const ask = async (digest: string) => {
      const headers = { digest }
      const signature = await headerOf({ by: ann.signer, method: 'POST', target: path, covered, headers })
      return (await world.ask({ method: 'POST', path, body, headers: { ...headers, signature } })).status
    }
    expect(await ask(digestOf(body))).toBe(403)
    expect(await ask(digestOf(body).replace('SHA-256', 'sha-256'))).toBe(403)
    for (const bad of [
      digestOf(`${body} `),
      digestOf(body).replace('SHA-256', 'MD5'),
      sha256(body).toString('base64'),
      '',
    ])
      expect(await ask(bad)).toBe(401)
  })

  test('may name another target in real-request-target, but none that this is not', async () => {
    const covered = 'date real-request-target'
    const own = ownOf(ann)
    const ask = async (real: string) =>
      (await signed({ covered, headers: { date: secondsAgo(0), 'real-request-target': real } })).status
    expect(await ask(`get ${own}`)).toBe(200)
    for (const real of [`get /_/api${own}`, `post ${own}`, `get /`, own, `GET ${own}`])
      expect(await ask(real), `of ${real}`).toBe(401)
  })

  test('is its key’s, whatever account the caller says it is', async () => {
    const eve = await newWallet(world)
    const as = async (accountId: string) => signed({ by: eve.signer, headers: { 'account-id': accountId } })
    expect(told(await as(ann.accountId))).toEqual(bare)
    expect((await signed({ headers: { 'account-id': eve.accountId } })).status).toBe(200)
    expect(told(await as('ann'))).toEqual(unreadable('Account-Id is no account key'))
  })
})

const inSeconds = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds)

describe('the first version’s signature', () => {
  const { keyId, target, validUntil, signature } = vectors.legacy
  const by = signerOfSeed(vectors.signed[0]?.seed ?? '')
  const hint = async (text: string) => {
    const head = Buffer.from(signature, 'base64').subarray(0, 8)
    return Buffer.concat([head, Buffer.from(await by.sign(sha256(text)))]).toString('base64')
  }
  const legacy = async (uri: string, until: string) => ({
    'x-authpublickey': keyId,
    'x-authvaliduntilltimestamp': until,
    'x-authsignature': await hint(`{ uri: '${uri}', valid_untill: '${until}'}`),
  })

  test('is the published one, good for an hour where it is accepted, and refused where it is not', async () => {
    const published = await legacy(target, validUntil)
    expect(published['x-authsignature']).toBe(signature)
    const path = ownOf(await ownerOf(by))
    const { baseUrl } = await world.app.spawn({ LEGACY_SIGNATURES: 'accepted' })
    const ask = clientOf(baseUrl)
    const good = await legacy(path, inSeconds(3590))
    expect([(await ask({ path, headers: good })).status, told(await world.ask({ path, headers: good }))]).toEqual([
      200,
      bare,
    ])
    for (const bad of [
      await legacy(path, inSeconds(4200)),
      await legacy(path, inSeconds(-2)),
      await legacy(`${path}&`, inSeconds(60)),
      published,
    ])
      expect(told(await ask({ path, headers: bad }))).toEqual(bare)
    for (const bad of [
      { ...good, 'x-authpublickey': ann.signer.keyId },
      { ...good, 'x-authvaliduntilltimestamp': 'x' },
      { ...good, 'x-authsignature': 'AAAA' },
    ])
      expect(told(await ask({ path, headers: bad }))).toEqual(unreadable('legacy header is missing or malformed'))
  })
})
