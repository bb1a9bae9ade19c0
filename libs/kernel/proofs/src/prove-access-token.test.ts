import { Refusal } from '@strongroom/http'
import { expect, test } from 'vitest'
import { proveAccessToken } from './prove-access-token.ts'
import type { Claims, TokenVerifier } from './token-verifier.ts'

/** Says of every token what a test wants it to be; the real one has tests of its own. */
const sayingOf = (judged: Claims | 'expired' | 'invalid'): TokenVerifier => ({
  judge: async () => judged,
  verify: async () => (typeof judged === 'string' ? undefined : judged),
})
const claims = (more: object = {}): Claims => ({ issuer: 'https://id.example', subject: 'ann', rest: { ...more } })

async function prove(authorization: string | undefined, verifier: TokenVerifier, scopes: readonly string[] = []) {
  const headers = authorization === undefined ? {} : { authorization }
  const input = { params: undefined, query: undefined, body: undefined }
  const body = new Uint8Array()
  const request = { method: 'GET', target: '/', rawHeaders: [], body, headers, input, ip: '127.0.0.1' }
  const proved = await proveAccessToken.prove(request, { accessTokens: verifier, scopes })
  return proved instanceof Refusal ? proved.kind : proved
}

test('a token is its subject and its scopes', async () => {
  const granted = sayingOf(claims({ scope: 'keys  read' }))
  expect(await prove('Bearer a.b.c', granted, ['read'])).toEqual({
    issuer: 'https://id.example',
    subject: 'ann',
    scopes: ['keys', 'read'],
  })
})

test.each([
  ['nothing', undefined, sayingOf(claims()), 'access-token-missing'],
  ['another scheme', 'Basic YTpi', sayingOf(claims()), 'access-token-missing'],
  ['two tokens', 'Bearer a.b.c, Bearer d.e.f', sayingOf(claims()), 'access-token-missing'],
  ['an expired one', 'Bearer a.b.c', sayingOf('expired'), 'access-token-expired'],
  ['an invalid one', 'Bearer a.b.c', sayingOf('invalid'), 'access-token-invalid'],
  ['a subject of 256', 'Bearer a.b.c', sayingOf({ ...claims(), subject: 'a'.repeat(256) }), 'access-token-invalid'],
  ['half a character', 'Bearer a.b.c', sayingOf({ ...claims(), subject: 'a\ud800' }), 'access-token-invalid'],
  ['no scope', 'Bearer a.b.c', sayingOf(claims()), 'scope-missing'],
  ['a scope that only begins alike', 'Bearer a.b.c', sayingOf(claims({ scope: 'reader' })), 'scope-missing'],
  ['a list for a scope', 'Bearer a.b.c', sayingOf(claims({ scope: ['read'] })), 'scope-missing'],
])('%s is refused', async (...[, authorization, verifier, kind]) => {
  expect(await prove(authorization, verifier, ['read'])).toBe(kind)
})
