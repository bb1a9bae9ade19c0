import { Refusal } from '@strongroom/http'
import { proveRequestSignature, type SignatureRules } from '@strongroom/proofs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type IdentityApi, openIdentityApi } from '../src/api/api.ts'
import { owner, routes, signer } from './routes.ts'
import { type ServedIdentityStorage, serveIdentityStorage } from './serve-identity-storage.ts'

let served: ServedIdentityStorage
beforeAll(async () => {
  served = await serveIdentityStorage()
})
afterAll(() => served[Symbol.asyncDispose]())
beforeEach(() => {
  served.seen.length = 0
})
afterEach(() => vi.unstubAllGlobals())

const signed = routes.filter(([, , { by }]) => by === 'owner').map(([call, ask]) => [call, ask] as const)

const thisSecond = () => new Date(Math.floor(Date.now() / 1000) * 1000)

/** What the server's own prover says of what came over the wire last: what it yields, or the kind of its refusal. */
async function prove(ask: (api: IdentityApi) => Promise<unknown>, rules: SignatureRules, clock = thisSecond) {
  await ask(openIdentityApi({ baseUrl: served.url, profile: rules.profile, clock })).catch(() => undefined)
  const sent = served.seen.at(-1)
  if (!sent) throw new Error('nothing was sent')
  const input = { params: undefined, query: undefined, body: undefined }
  const body = Buffer.from(sent.text)
  const request = { ...sent, headers: { ...sent.headers } as never, body, input, ip: '127.0.0.1' }
  const judged = await proveRequestSignature.prove(request, { signatures: rules })
  return judged instanceof Refusal ? judged.kind : judged
}

const yields = (...covered: string[]) => ({
  keyId: signer.keyId,
  accountId: owner.accountId,
  covered,
  source: 'signature',
})

test.each(signed)('the server takes the signature of %s in its compat profile', async (_, ask) => {
  expect(await prove(ask, { profile: 'compat' })).toEqual(yields('(request-target)'))
})

/** Each signature once, as the server has it. */
function strict(): SignatureRules {
  const seen = new Set<string>()
  const take = (digest: Uint8Array) => Promise.resolve(seen.size < seen.add(Buffer.from(digest).toString('hex')).size)
  return { profile: 'strict', seen: { take } }
}

test.each(signed)(
  'the server takes the signature of %s in its strict profile, and again within a second',
  async (_call, ask) => {
    const [rules, now] = [strict(), thisSecond()]
    for (const _ of [1, 2])
      expect(await prove(ask, rules, () => now)).toEqual(yields('(request-target)', 'date', 'digest', 'x-nonce'))
  },
)

test('the server takes what a page signs, which may set no Date', async () => {
  class PageRequest extends Request {
    override readonly headers = new Headers()
  }
  vi.stubGlobal('Request', PageRequest)
  const [rules, now] = [strict(), thisSecond()]
  for (const [, ask] of [...signed, ...signed])
    expect(await prove(ask, rules, () => now)).toEqual(yields('(request-target)', 'x-date', 'digest', 'x-nonce'))
})
