import { equalBytes, sha256, toBase64url, toUtf8 } from '@strongroom/crypto'
import { HsmRefusal, HsmUnavailable } from '@strongroom/hsm'
import type { TokenWebCrypto } from '@strongroom/hsm/webcrypto'
import { compactVerify, createLocalJWKSet, errors } from 'jose'

/** What a token is signed with and verified by: the HSM as WebCrypto sees it. */
export type TokenView = Pick<TokenWebCrypto, 'signingKey' | 'publicKeys' | 'subtle'>

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

/** The keys of one view: it is another one once keys were rotated. */
interface Loaded {
  readonly view: TokenView
  /** The one that signs first. */
  readonly keys: PublicJwk[]
  readonly keySet: ReturnType<typeof createLocalJWKSet>
  /** What signs; SEC 1, uncompressed. */
  readonly current: { readonly kid: string; readonly point: Uint8Array } | undefined
  signing?: Promise<Signing> | undefined
}

const ES256 = { name: 'ECDSA', hash: 'SHA-256' }
type Signing = Awaited<ReturnType<TokenView['signingKey']>>

export function openTokenKeys(webCrypto: () => Promise<TokenView>, use: string): TokenKeys {
  let last: Loaded | undefined

  async function load(): Promise<Loaded> {
    const view = await webCrypto()
    if (last?.view !== view) last = loadedFrom(view, use)
    return last
  }

  return {
    published: async () => (await load()).keys,

    async verify(type, token) {
      const { keySet } = await load()
      try {
        const { payload, protectedHeader } = await compactVerify(token, keySet, { algorithms: ['ES256'] })
        return protectedHeader.typ === type ? (JSON.parse(new TextDecoder().decode(payload)) as unknown) : undefined
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof SyntaxError) return undefined
        throw error
      }
    },

    async sign(typ, claims) {
      const loaded = await load()
      if (loaded.current === undefined) throw new HsmUnavailable('no key signs tokens')
      const parts = [{ alg: 'ES256', typ, kid: loaded.current.kid }, claims]
      const input = parts.map((part) => toBase64url(toUtf8(JSON.stringify(part)))).join('.')
      return `${input}.${toBase64url(await signBytes(loaded, use, Uint8Array.from(toUtf8(input))))}`
    },
  }
}

function loadedFrom(view: TokenView, use: string): Loaded {
  const points = view.publicKeys(use)
  const keys = points.map((point) => jwkOf(point))
  const [point, kid] = [points[0], keys[0]?.kid]
  return { view, keys, keySet: createLocalJWKSet({ keys }), current: kid && point ? { kid, point } : undefined }
}

/** When the module began anew its keys are looked up again, once. */
async function signBytes(loaded: Loaded, use: string, input: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const signOnce = async () => {
    loaded.signing ??= lookUp(loaded, use).catch((error: unknown) => {
      loaded.signing = undefined
      throw error
    })
    const { privateKey } = await loaded.signing
    return new Uint8Array(await loaded.view.subtle.sign(ES256, privateKey, input))
  }
  try {
    return await signOnce()
  } catch (error) {
    if (!(error instanceof HsmRefusal) || error.reason !== 'key-missing') throw error
    loaded.signing = undefined
    return signOnce()
  }
}

/** The view checks every signature by the public half of what signed it; that this half is published is seen here. */
async function lookUp({ view, current }: Loaded, use: string): Promise<Signing> {
  const pair = await view.signingKey(use)
  const half = new Uint8Array(await view.subtle.exportKey('raw', pair.publicKey))
  if (!current || !equalBytes(half, current.point)) throw new HsmUnavailable('what signs tokens is not published')
  return pair
}

function jwkOf(point: Uint8Array): PublicJwk {
  const publicKey = point.subarray(1)
  return { ...membersOf(publicKey), alg: 'ES256', use: 'sig', kid: thumbprintOf(publicKey) }
}

const membersOf = (publicKey: Uint8Array) =>
  ({
    crv: 'P-256',
    kty: 'EC',
    x: toBase64url(publicKey.subarray(0, 32)),
    y: toBase64url(publicKey.subarray(32)),
  }) as const

/** RFC 7638: of the members that must be there, in the order of their names. `publicKey`: x and y, 64 bytes. */
export const thumbprintOf = (publicKey: Uint8Array): string =>
  toBase64url(sha256(toUtf8(JSON.stringify(membersOf(publicKey)))))
