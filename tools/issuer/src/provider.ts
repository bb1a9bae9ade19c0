import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AdapterPayload, Configuration, Provider } from 'oidc-provider'
import { signingKeys } from './keys.ts'
import type { People } from './people.ts'
import { registerPersonGrant } from './person-grant.ts'
import { personGrant } from './request-token.ts'

interface ProviderParts {
  readonly url: string
  readonly people: People
  readonly stateDir: string | undefined
}

export type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** The OpenID provider behind `url`: discovery, keys, and the grant that names a person. */
export async function openProvider({ url, people, stateDir }: ProviderParts): Promise<Listener> {
  // Past its index, which complains on stderr of every Node that is not yet LTS, and loaded only when somebody asks.
  const library = 'oidc-provider/lib/provider.js'
  const loaded = (await import(library)) as { Provider: new (issuer: string, options: Configuration) => Provider }
  const provider = new loaded.Provider(url, {
    adapter: () => everyAudience,
    jwks: { keys: await signingKeys(stateDir) },
    cookies: { keys: ['nobody logs in here'] },
    features: { devInteractions: { enabled: false }, resourceIndicators: { enabled: true } },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], phone: ['phone_number'] },
    extraTokenClaims: (ctx) => ctx.state['claims'] as Record<string, unknown>,
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
  })
  registerPersonGrant(provider, people)
  return provider.callback()
}

/** Whatever audience is asked for is a client; nothing else is remembered, because a token is a JWT and says it all. */
const everyAudience = {
  find: (id: string): Promise<AdapterPayload> =>
    Promise.resolve({
      client_id: id,
      grant_types: [personGrant],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'none',
      id_token_signed_response_alg: 'RS256',
    }),
  findByUid: () => Promise.resolve(undefined),
  findByUserCode: () => Promise.resolve(undefined),
  upsert: () => Promise.resolve(),
  consume: () => Promise.resolve(),
  destroy: () => Promise.resolve(),
  revokeByGrantId: () => Promise.resolve(),
}
