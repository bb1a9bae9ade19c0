import { toBase64url, toUtf8 } from '@strongroom/crypto'
import { HsmRefusal, HsmUnavailable } from '@strongroom/hsm'
import type { TokenWebCrypto } from '@strongroom/hsm/webcrypto'
import { calculateJwkThumbprint, compactVerify, createLocalJWKSet, errors } from 'jose'

/** What a token is signed with and verified by: the HSM as WebCrypto sees it. */
export interface TokenView extends Pick<TokenWebCrypto, 'signingKey' | 'subtle'> {
  /** Of all live versions of that signing key, the newest first: uncompressed SEC 1 points. */
  publicKeys(use: string): readonly Uint8Array[]
}

export interface PublicJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
  readonly alg: 'ES256'
  readonly use: 'sig'
  /** RFC 7638. */
  readonly kid: string
}

/** Signs and verifies JWTs (RFC 7519) by ES256. Throws `HsmUnavailable`. */
export interface TokenKeys {
  /** Of every live version, the one that signs first. */
  published(): Promise<readonly PublicJwk[]>
  sign(type: string, claims: object): Promise<string>
  /** What it says, signed by a key of ours as that type; `undefined` for anything else. */
  verify(type: string, token: string): Promise<unknown>
}

const ES256 = { name: 'ECDSA', hash: 'SHA-256' }
type Signing = Awaited<ReturnType<TokenView['signingKey']>>

export function openTokenKeys(webCrypto: () => Promise<TokenView>, use: string): TokenKeys {
  let published: Promise<readonly PublicJwk[]> | undefined
  let signing: Promise<Signing> | undefined

  const publish = async () => Promise.all((await webCrypto()).publicKeys(use).map((point) => jwkOf(point)))
  const keysOf = () => {
    published ??= forgetting(publish(), () => (published = undefined))
    return published
  }
  const look = async () => (await webCrypto()).signingKey(use)
  const keyOf = () => {
    signing ??= forgetting(look(), () => (signing = undefined))
    return signing
  }

  async function signOnce(input: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const [{ subtle }, { privateKey }] = await Promise.all([webCrypto(), keyOf()])
    return new Uint8Array(await subtle.sign(ES256, privateKey, input))
  }

  /** When the module began anew its keys are looked up again, once. */
  async function signBytes(input: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    try {
      return await signOnce(input)
    } catch (error) {
      if (!(error instanceof HsmRefusal) || error.reason !== 'key-missing') throw error
      signing = undefined
      return signOnce(input)
    }
  }

  async function verify(type: string, token: string): Promise<unknown> {
    const keys = await keysOf()
    try {
      const keySet = createLocalJWKSet({ keys: [...keys] })
      const { payload, protectedHeader } = await compactVerify(token, keySet, { algorithms: ['ES256'] })
      return protectedHeader.typ === type ? (JSON.parse(new TextDecoder().decode(payload)) as unknown) : undefined
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof SyntaxError) return undefined
      throw error
    }
  }

  return {
    published: keysOf,
    verify,
    async sign(typ, claims) {
      const [current] = await keysOf()
      if (current === undefined) throw new HsmUnavailable('no key signs tokens')
      const parts = [{ alg: 'ES256', typ, kid: current.kid }, claims]
      const input = parts.map((part) => toBase64url(toUtf8(JSON.stringify(part)))).join('.')
      const token = `${input}.${toBase64url(await signBytes(Uint8Array.from(toUtf8(input))))}`
      // What we would not believe ourselves is told to nobody; and a faulty signature can give the key away.
      if ((await verify(typ, token)) === undefined) throw new HsmUnavailable('a signature that does not verify')
      return token
    },
  }
}

async function jwkOf(point: Uint8Array): Promise<PublicJwk> {
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: toBase64url(point.subarray(1, 33)),
    y: toBase64url(point.subarray(33)),
  } as const
  return { ...jwk, alg: 'ES256', use: 'sig', kid: await calculateJwkThumbprint(jwk) }
}

/** RFC 7638. `publicKey`: x and y, 64 bytes. */
export const thumbprintOf = (publicKey: Uint8Array): Promise<string> =>
  calculateJwkThumbprint({
    kty: 'EC',
    crv: 'P-256',
    x: toBase64url(publicKey.subarray(0, 32)),
    y: toBase64url(publicKey.subarray(32)),
  })

/** What failed is asked for again by the next. */
function forgetting<T>(asked: Promise<T>, forget: () => void): Promise<T> {
  asked.catch(forget)
  return asked
}
