import { type Secret, toBase64url } from '@strongroom/crypto'
import { decodeJwt, jwtVerify } from 'jose'
import { z } from 'zod'
import { readDidKey } from './did-key.ts'
import { webKeys } from './did-web.ts'
import type { Fetch } from './fetch-json.ts'
import { type Clock, type Jwt, LEEWAY, readJwt } from './jwt.ts'

/** What a presentation says that was found to be signed by its DID. */
export interface VerifiedPresentation {
  readonly did: string
  /** The challenge that it answers, which is still to be looked for. */
  readonly nonce?: string
}

export interface PresentationVerifier {
  /**
   * `undefined` for what is no valid presentation here and now.
   * @throws KeysUnavailable where a did:web cannot be fetched.
   */
  verify(token: Secret): Promise<VerifiedPresentation | undefined>
}

export interface PresentationOptions {
  /** Our own name. A presentation that names audiences must name it; one for somebody else is refused where there is none. */
  readonly audience?: string
  /** Hosts whose did:web are accepted; none unless said. */
  readonly webHosts?: readonly string[]
  readonly clock?: Clock
  readonly fetch?: Fetch
}

const claims = z.object({
  iss: z.string().max(1024),
  aud: z.union([z.string(), z.array(z.string())]).optional(),
  nonce: z.string().optional(),
  vp: z.object({ holder: z.string(), type: z.union([z.string(), z.array(z.string())]) }),
})

/**
 * Verifies presentations as LearnCard's clients make them (`getDidAuthVp({ proofFormat: 'jwt' })`): a JWT signed with EdDSA,
 * whose `iss` and `vp.holder` are one DID and whose `kid` is a key of it. `exp` and `nbf` are judged where they are there.
 */
export function presentationVerifier(options: PresentationOptions = {}): PresentationVerifier {
  const { audience, webHosts = [], clock = () => new Date(), fetch } = options
  const findWebKey = webKeys({ hosts: webHosts, fetch })

  const findKey = async (did: string, keyId: string) => {
    const key = readDidKey(did)
    if (!key) return findWebKey(did, keyId)
    return keyId === `${did}#${did.slice('did:key:'.length)}` ? key : undefined
  }

  return {
    async verify(token) {
      const jwt = readJwt(token)
      const said = jwt && readPresentation(jwt)
      if (!said || !isForUs(said.aud, audience)) return undefined
      const { iss: did, nonce } = said
      const key = await findKey(did, String(jwt.header.kid))
      if (!key || !(await isSigned(jwt, key, clock()))) return undefined
      return { did, ...(nonce !== undefined && { nonce }) }
    },
  }
}

/** What it says, unverified. */
function readPresentation({ text, header }: Jwt) {
  const { typ, kid } = header
  if (typ !== undefined && typ !== 'JWT') return undefined
  const said = claims.safeParse(decodeOrNothing(text)).data
  if (!said || typeof kid !== 'string' || !kid.startsWith(`${said.iss}#`)) return undefined
  const { holder, type } = said.vp
  return holder === said.iss && [type].flat().includes('VerifiablePresentation') ? said : undefined
}

function decodeOrNothing(text: string): unknown {
  try {
    return decodeJwt(text)
  } catch {
    return undefined
  }
}

const isForUs = (named: string | readonly string[] | undefined, audience: string | undefined): boolean =>
  named === undefined || (audience !== undefined && [named].flat().includes(audience))

async function isSigned({ text }: Jwt, key: Uint8Array, now: Date): Promise<boolean> {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(key) }
  const options = { algorithms: ['EdDSA'], clockTolerance: LEEWAY, currentDate: now }
  return jwtVerify(text, jwk, options).then(
    () => true,
    () => false,
  )
}
