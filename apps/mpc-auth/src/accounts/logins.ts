import {
  appleLogin,
  codeExchange,
  firebaseLogin,
  type LoginJudges,
  type Logins,
  loginsOf,
  testLogin,
} from '@strongroom/chain-accounts'
import { firebaseVerifier, oidcVerifier } from '@strongroom/proofs'
import type { ApiParts, ValuesOf } from '@strongroom/service'
import type { settings } from './settings.ts'

type Values = ValuesOf<typeof settings>
type OnFetchFailed = (code: string) => void

/** The login providers that are configured; every app has the same. */
export function loginsFrom(values: Values, log: ApiParts<typeof settings>['log']): Logins {
  const onFetchFailed: OnFetchFailed = (code) => log.warn('keys of a login provider could not be fetched', { code })
  const judges: LoginJudges = {
    ...firebaseFrom(values, onFetchFailed),
    ...appleFrom(values, onFetchFailed),
    ...(values.ACCOUNTS_TEST_LOGIN === 'on' && { test: testLogin }),
  }
  return loginsOf(() => judges)
}

function firebaseFrom(values: Values, onFetchFailed: OnFetchFailed): LoginJudges {
  const { FIREBASE_PROJECT_ID: projectId, FIREBASE_ISSUER: issuer, FIREBASE_KEYS_URL: keysUrl } = values
  if (projectId === undefined) return {}
  const places = { ...(issuer !== undefined && { issuer }), ...(keysUrl !== undefined && { keysUrl }) }
  const codes = codesFrom(values, onFetchFailed)
  const idTokens = firebaseVerifier({ projectId, ...places, onFetchFailed })
  return { firebase: firebaseLogin({ idTokens, ...(codes && { codes }) }) }
}

function codesFrom(values: Values, onFetchFailed: OnFetchFailed) {
  const { OAUTH_TOKEN_URL: tokenUrl, OAUTH_ISSUER: issuer, OAUTH_CLIENT_ID: clientId } = values
  const { OAUTH_REDIRECT_URI: redirectUris, OAUTH_CLIENT_SECRET: clientSecret } = values
  if (tokenUrl === undefined) return undefined
  if (issuer === undefined || clientId === undefined || redirectUris.length === 0)
    throw new TypeError('OAUTH_TOKEN_URL wants OAUTH_ISSUER, OAUTH_CLIENT_ID and OAUTH_REDIRECT_URI')
  const idTokens = oidcVerifier({ issuer, audience: clientId, algorithms: ['RS256', 'ES256'], onFetchFailed })
  return codeExchange({
    tokenUrl: new URL(tokenUrl),
    clientId,
    redirectUris: [...new Set(redirectUris)],
    idTokens,
    ...(clientSecret && { clientSecret }),
  })
}

function appleFrom(values: Values, onFetchFailed: OnFetchFailed): LoginJudges {
  const { APPLE_CLIENT_IDS: clientIds, APPLE_ISSUER: issuer, APPLE_KEYS_URL: keysUrl, APPLE_NONCE: nonce } = values
  if (clientIds.length === 0) return {}
  const places = { ...(issuer !== undefined && { issuer }), ...(keysUrl !== undefined && { keysUrl }) }
  return { apple: appleLogin({ clientIds, nonce, ...places, onFetchFailed }) }
}
