import type { Keystore } from '@strongroom/hsm'
import type { RandomSource } from '@strongroom/crypto'
import type { Database } from '@strongroom/storage'
import { TOKEN_USE } from '../accounts/names.ts'
import type { SessionOf, Sessions } from '../accounts/sessions.ts'
import type { Policies } from '../policies.ts'
import { REQUEST_SCOPE, type Said } from './claims.ts'
import { mint, type MintDeps } from './mint.ts'
import { endFamiliesOf, insertFamily, readNow } from './store.ts'
import { openTokenKeys, thumbprintOf, type TokenView } from './token-keys.ts'

export interface TokenOptions {
  readonly database: Database
  /** The first token as WebCrypto sees it, with the signing key of use `account-token`. */
  readonly webCrypto: () => Promise<TokenView>
  readonly policies: Policies
  /** Public URL of this API. */
  readonly issuer: string
  readonly random: RandomSource
  readonly newId: () => string
}

/** What provers and endpoints of tokens need. */
export interface TokenDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly policies: Policies
  readonly tokens: MintDeps
}

export interface RequestOf {
  readonly accountId: string
  readonly appId: string
  readonly requestId: string
}

export interface OpenedTokens {
  readonly sessions: Sessions
  readonly requestTokens: { issue(of: RequestOf): Promise<string> }
  readonly tokens: MintDeps
}

export function openTokens({ database, webCrypto, policies, issuer, random, newId }: TokenOptions): OpenedTokens {
  const tokens: MintDeps = { keys: openTokenKeys(webCrypto, TOKEN_USE), issuer, random }
  return {
    tokens,
    sessions: {
      async open({ accountId, appId, keyId, publicKey, now }: SessionOf) {
        const family = { id: newId(), accountId, appId, keyId }
        const said = { sub: accountId, aud: appId, sid: family.id, key: thumbprintOf(publicKey) }
        const { access, refresh } = await mintBoth({ tokens, policies }, said, now ?? (await readNow(database.reading)))
        await insertFamily(database, family, refresh)
        return { accessToken: access.token, refreshToken: refresh.token }
      },
      end: async (tx, keyId) => void (await endFamiliesOf(tx, keyId)),
    },
    requestTokens: {
      async issue({ accountId, appId, requestId }) {
        const said = { sub: accountId, aud: appId, scope: `${REQUEST_SCOPE}${requestId}` }
        const now = await readNow(database.reading)
        const { token } = await mint(tokens, 'request', { said, now, lifetime: policies.ephemeralLifetime })
        return token
      },
    },
  }
}

/** Of one sign-in. Asks the HSM: never within a transaction. */
export async function mintBoth(
  { tokens, policies }: Pick<TokenDeps, 'tokens' | 'policies'>,
  said: Said<'access'>,
  now: Date,
) {
  const [access, refresh] = await Promise.all([
    mint(tokens, 'access', { said, now, lifetime: policies.accessLifetime }),
    mint(tokens, 'refresh', { said, now, lifetime: policies.refreshLifetime }),
  ])
  return { access, refresh }
}
