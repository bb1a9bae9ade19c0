import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JWTVerifyOptions } from 'jose'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Issuer, type IssuerOptions, startIssuer } from './index.ts'

const begin = async (options?: IssuerOptions) => {
  const issuer = await startIssuer(options)
  onTestFinished(() => issuer.close())
  return issuer
}

/** As a resource server does that knows the issuer's name only: keys by discovery. */
async function verify({ url, audience }: Issuer, token: string, options: JWTVerifyOptions = {}) {
  const found = (await (await fetch(`${url}/.well-known/openid-configuration`)).json()) as Record<string, string>
  expect(found['issuer']).toBe(url)
  const keys = createRemoteJWKSet(new URL(found['jwks_uri'] ?? ''))
  return (await jwtVerify(token, keys, { issuer: url, audience, ...options })).payload
}

const place = () => {
  const folder = mkdtempSync(join(tmpdir(), 'issuer-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'state')
}

describe('a token', () => {
  test('of the kind that Firebase gives is an ID token that says who somebody is, and how they are reached', async () => {
    const issuer = await begin()
    const token = await issuer.issueToken({ email: 'ann@example.com', phone: '+15550100000' })
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'RS256' })
    const said = await verify(issuer, token, { algorithms: ['RS256'] })
    expect(said).toMatchObject({ email: 'ann@example.com', email_verified: true, phone_number: '+15550100000' })
    expect(said.aud).toBe('strongroom-dev')
    expect(said.sub).toMatch(/^[\w-]{28}$/)
    expect(said['auth_time']).toEqual(expect.any(Number))
  })

  test('of an OpenID provider is an access token for an API, signed with another key', async () => {
    const issuer = await begin()
    const token = await issuer.issueToken({ email: 'ann@example.com', provider: 'oidc' })
    const said = await verify(issuer, token, { algorithms: ['ES256'], typ: 'at+jwt' })
    expect(said).toMatchObject({ email: 'ann@example.com', email_verified: true, aud: 'strongroom-dev' })
  })

  test('names one person by one subject, however they are asked for', async () => {
    const { issueToken } = await begin()
    const tokens = [
      await issueToken({ email: 'ann@example.com', phone: '+15550100000' }),
      await issueToken({ email: 'Ann@Example.com', provider: 'oidc' }),
      await issueToken({ phone: '+15550100000' }),
    ]
    expect(new Set(tokens.map((token) => decodeJwt(token).sub)).size).toBe(1)
    expect(decodeJwt(await issueToken({ email: 'bob@example.com' })).sub).not.toBe(decodeJwt(tokens[0] ?? '').sub)
  })

  test('can be what an app must not believe: unverified, of another subject, for another audience, expired', async () => {
    const issuer = await begin()
    const { sub } = decodeJwt(await issuer.issueToken({ email: 'ann@example.com' }))
    const unverified = await issuer.issueToken({ email: 'ann@example.com', emailVerified: false })
    expect(await verify(issuer, unverified)).toMatchObject({ sub, email_verified: false })
    const another = await issuer.issueToken({ email: 'ann@example.com', subject: 'somebody-else' })
    expect(await verify(issuer, another)).toMatchObject({ sub: 'somebody-else', email: 'ann@example.com' })
    for (const provider of ['firebase', 'oidc'] as const) {
      const elsewhere = await issuer.issueToken({ email: 'ann@example.com', audience: 'elsewhere', provider })
      await expect(verify(issuer, elsewhere)).rejects.toThrow('"aud"')
      expect(await verify(issuer, elsewhere, { audience: 'elsewhere' })).toBeDefined()
      const expired = await issuer.issueToken({ email: 'ann@example.com', lifetime: -60, provider })
      await expect(verify(issuer, expired)).rejects.toThrow('"exp"')
    }
  })

  test('that another issuer gave does not pass', async () => {
    const [issuer, other] = await Promise.all([begin(), begin()])
    const foreign = await other.issueToken({ email: 'ann@example.com' })
    await expect(verify(issuer, foreign)).rejects.toThrow('no applicable key found')
  })

  test('is not given for nobody, nor for what is no address and no number', async () => {
    const { issueToken } = await begin()
    await expect(issueToken({})).rejects.toThrow('name a person')
    await expect(issueToken({ email: 'ann' })).rejects.toThrow('email')
    await expect(issueToken({ phone: '5550100000' })).rejects.toThrow('phone_number')
  })
})

describe('the issuer', () => {
  test('keeps its keys and people through a restart, where only their owner may read them', async () => {
    const stateDir = place()
    const first = await startIssuer({ stateDir })
    const token = await first.issueToken({ email: 'ann@example.com' })
    await first.close()
    for (const file of readdirSync(stateDir)) expect(statSync(join(stateDir, file)).mode & 0o777).toBe(0o600)
    const again = await begin({ stateDir, port: Number(new URL(first.url).port) })
    const { sub } = await verify(again, token)
    expect(decodeJwt(await again.issueToken({ email: 'ann@example.com' })).sub).toBe(sub)
  })

  test('takes another port where the wanted one is busy', async () => {
    const first = await begin()
    const second = await begin({ port: Number(new URL(first.url).port) })
    expect(second.url).not.toBe(first.url)
    await verify(second, await second.issueToken({ email: 'ann@example.com' }))
  })

  test('turns away pages of the web: by a host of their own, or from an origin of theirs', async () => {
    const { url, keysUrl } = await begin()
    const rebound = await new Promise<number | undefined>((done) => {
      request(keysUrl, { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume()
        done(answer.statusCode)
      }).end()
    })
    expect(rebound).toBe(403)
    const posted = await fetch(`${url}/token`, { method: 'POST', headers: { origin: 'https://evil.example' } })
    expect(posted.status).toBe(403)
  })

  test('says nothing on the terminal of whoever starts it', () => {
    const script = `
      const { startIssuer } = await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))})
      const issuer = await startIssuer()
      await issuer.issueToken({ email: 'ann@example.com' })
      await issuer.close()`
    const args = ['--conditions=@strongroom/source', '--input-type=module', '-e', script]
    const { status, output } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect({ status, output }).toEqual({ status: 0, output: [null, '', ''] })
  })
})
