import { firebaseVerifier, oidcVerifier, type Provider, type TokenVerifier } from '@strongroom/proofs'
import type { ValuesOf } from '@strongroom/service'
import type { settings } from './settings.ts'

type Values = ValuesOf<typeof settings>
/** Old keys are served meanwhile, for a day. */
type FetchFailed = (code: string) => void

/** Verifiers of the login providers that are configured; the others answer 501. */
export function loginsFrom(values: Values, onFetchFailed: FetchFailed): Partial<Record<Provider, TokenVerifier>> {
  const firebase = firebaseFrom(values, onFetchFailed)
  const others = {
    oidc: oidcFrom('OIDC', { issuer: values.OIDC_ISSUER, audience: values.OIDC_AUDIENCE, onFetchFailed }),
    keycloak: oidcFrom('KEYCLOAK', {
      issuer: values.KEYCLOAK_ISSUER,
      audience: values.KEYCLOAK_AUDIENCE,
      onFetchFailed,
    }),
    supertokens: oidcFrom('SUPERTOKENS', {
      issuer: values.SUPERTOKENS_ISSUER,
      audience: values.SUPERTOKENS_AUDIENCE,
      onFetchFailed,
    }),
  }
  return Object.fromEntries(Object.entries({ firebase, ...others }).filter(([, verifier]) => verifier !== undefined))
}

function firebaseFrom(values: Values, onFetchFailed: FetchFailed): TokenVerifier | undefined {
  const { FIREBASE_PROJECT_ID: projectId, FIREBASE_ISSUER: issuer, FIREBASE_KEYS_URL: keysUrl } = values
  if (projectId !== undefined) {
    return firebaseVerifier({
      projectId,
      onFetchFailed,
      ...(issuer !== undefined && { issuer }),
      ...(keysUrl !== undefined && { keysUrl }),
    })
  }
  if (issuer === undefined && keysUrl === undefined) return undefined
  throw new TypeError('FIREBASE_ISSUER and FIREBASE_KEYS_URL need FIREBASE_PROJECT_ID')
}

interface Oidc {
  readonly issuer: string | undefined
  readonly audience: string | undefined
  readonly onFetchFailed: FetchFailed
}

function oidcFrom(name: string, { issuer, audience, onFetchFailed }: Oidc): TokenVerifier | undefined {
  if (issuer !== undefined && audience !== undefined) return oidcVerifier({ issuer, audience, onFetchFailed })
  // An issuer's tokens for another application must not open anything here.
  if (issuer !== undefined || audience !== undefined) {
    throw new TypeError(`${name}_ISSUER and ${name}_AUDIENCE are given together`)
  }
  return undefined
}

const issuers = [
  'FIREBASE_ISSUER',
  'FIREBASE_KEYS_URL',
  'OIDC_ISSUER',
  'KEYCLOAK_ISSUER',
  'SUPERTOKENS_ISSUER',
] as const

/** An issuer without TLS is on this machine, where any process may answer in its place. */
export const loginDoors = (values: Values): readonly string[] =>
  issuers
    .filter((name) => /^http:/i.test(values[name]?.trim() ?? ''))
    .map((name) => `${name} has whoever answers on this machine sign people in: give an https URL.`)
