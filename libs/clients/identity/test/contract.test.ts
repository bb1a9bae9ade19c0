import { Refusal } from '@strongroom/http'
import { proveRequestSignature, type SignatureRules } from '@strongroom/proofs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
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

const signed = routes.filter(([, , { by }]) => by === 'owner').map(([call, ask]) => [call, ask] as const)

/** What the server's own prover says of what came over the wire: what it yields, or the kind of its refusal. */
async function prove(ask: (api: IdentityApi) => Promise<unknown>, rules: SignatureRules) {
  await ask(openIdentityApi({ baseUrl: served.url, profile: rules.profile })).catch(() => undefined)
  const [sent] = served.seen
  if (!sent) throw new Error('nothing was sent')
  const input = { params: undefined, query: undefined, body: undefined }
  const request = { ...sent, headers: { ...sent.headers } as never, body: Buffer.from(sent.text), input }
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

test.each(signed)('the server takes the signature of %s in its strict profile', async (_, ask) => {
  const rules: SignatureRules = { profile: 'strict', seen: { take: () => Promise.resolve(true) } }
  expect(await prove(ask, rules)).toEqual(yields('(request-target)', 'date', 'digest'))
})
