import { z } from 'zod'
import { type Fetch, FetchFailed, fetchJson } from './fetch-json.ts'
import { type TokenRules, type TokenVerifier, verifierOver } from './token-verifier.ts'
import { isLoopback, readTrustedUrl } from './trusted-url.ts'

/**
 * As `tokenVerifier`, for an issuer that says itself where its keys are (OpenID Connect Discovery 1.0). It is asked when the
 * first token comes, so that a start does not wait for it.
 * @throws TypeError where the issuer is no `https:` URL, or `http:` URL of this machine.
 */
export function oidcVerifier(rules: TokenRules): TokenVerifier {
  const issuer = readTrustedUrl(rules.issuer)
  if (!issuer || issuer.search || issuer.hash) {
    throw new TypeError(
      'an issuer is an https URL, or http on this machine, without user, password, query and fragment',
    )
  }
  return verifierOver(rules, async () => fetchJson(await discoverKeys(rules.issuer, rules.fetch), rules.fetch))
}

const configuration = z.object({ issuer: z.string(), jwks_uri: z.string() })

async function discoverKeys(issuer: string, fetch: Fetch | undefined): Promise<URL> {
  const told = await fetchJson(new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`), fetch)
  const { data } = configuration.safeParse(told)
  if (!data) throw new FetchFailed('no-configuration', false)
  // Section 4.3: else one tenant of a host could speak for another.
  if (data.issuer !== issuer) throw new FetchFailed('issuer-mismatch', false)
  const keys = readTrustedUrl(data.jwks_uri)
  // Nobody outside points us at this machine.
  if (!keys || (isLoopback(keys) && !isLoopback(new URL(issuer)))) throw new FetchFailed('keys-address', false)
  return keys
}
