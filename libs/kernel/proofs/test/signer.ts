import { Secret } from '@strongroom/crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'

export interface Signer {
  readonly publicKey: JWK
  readonly privateKey: CryptoKey
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<Secret>
}

/** A key of a token issuer. */
export async function signer(kid: string, alg = 'ES256'): Promise<Signer> {
  const pair = await generateKeyPair(alg, { extractable: true })
  const publicKey = { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' }
  return {
    publicKey,
    privateKey: pair.privateKey,
    sign: async (claims, header = {}) =>
      new Secret(await new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(pair.privateKey)),
  }
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token that no library would make. */
export const forge = (header: object, claims: object, signature = ''): Secret =>
  new Secret(`${part(header)}.${part(claims)}.${signature}`)

/** A process clock that stands where it began until tests move it, in seconds. */
export function movableClock(): { clock: () => Date; move: (seconds: number) => void } {
  let at = Date.now()
  return {
    clock: () => new Date(at),
    move: (seconds) => {
      at += seconds * 1000
    },
  }
}
