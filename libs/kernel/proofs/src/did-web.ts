import { EncodingError, fromBase64url } from '@strongroom/crypto'
import { base58 } from '@scure/base'
import { z } from 'zod'
import { checked, readMultikey } from './did-key.ts'
import { type Fetch, FetchFailed, fetchJson } from './fetch-json.ts'
import { KeysUnavailable } from './keys-unavailable.ts'

export interface DidWebOptions {
  /** Hosts, with their port where it is not 443, whose documents are believed; compared exactly. */
  readonly hosts: readonly string[]
  readonly fetch: Fetch | undefined
}

/** Finds the Ed25519 key that a did:web lists under `authentication` by this id; `undefined` where it lists none. */
export type FindWebKey = (did: string, keyId: string) => Promise<Uint8Array | undefined>

const MOST_AT_ONCE = 8

/**
 * What it answers with throws `KeysUnavailable` where the host does not answer, or too many documents are being fetched.
 * @throws TypeError where a host is not written as URLs write it.
 */
export function webKeys({ hosts, fetch }: DidWebOptions): FindWebKey {
  if (!hosts.every(isHost))
    throw new TypeError('a host of did:web is a name in lower case, or name:port, such as example.com')
  let fetching = 0
  return async (did, keyId) => {
    const url = locate(did, hosts)
    if (!url) return undefined
    // A presentation is not verified yet: who sends many must not make us a flood for an allowed host.
    if (fetching >= MOST_AT_ONCE) throw new KeysUnavailable('busy', 1)
    fetching += 1
    try {
      return findKey(await fetchJson(url, fetch), { did, keyId })
    } catch (error) {
      if (error instanceof FetchFailed && !error.passing) return undefined
      throw error instanceof FetchFailed ? new KeysUnavailable(error.code) : error
    } finally {
      fetching -= 1
    }
  }
}

// One text for each document: no percent-encoding but the port's, no segment that a server would resolve to another.
const didWeb = /^did:web:([a-z0-9.-]+(?:%3A\d{1,5})?)((?::[A-Za-z0-9_-][A-Za-z0-9._-]*)*)$/

const isHost = (text: string): boolean =>
  /^[a-z0-9.-]+(:\d+)?$/.test(text) && URL.canParse(`https://${text}`) && new URL(`https://${text}`).host === text

/** W3C CCG, did:web method: where the document of a DID is, on a host that is allowed. */
function locate(did: string, hosts: readonly string[]): URL | undefined {
  const [, encoded = '', path = ''] = didWeb.exec(did) ?? []
  const host = encoded.replace('%3A', ':')
  if (!hosts.includes(host)) return undefined
  const folder = path === '' ? '/.well-known' : path.replaceAll(':', '/')
  return new URL(`https://${host}${folder}/did.json`)
}

const document = z.object({
  id: z.string(),
  verificationMethod: z.array(z.unknown()).default([]),
  authentication: z.array(z.unknown()).default([]),
})
const method = z.object({
  id: z.string(),
  publicKeyMultibase: z.string().optional(),
  publicKeyJwk: z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }).optional(),
  publicKeyBase58: z.string().optional(),
})

function findKey(fetched: unknown, { did, keyId }: { did: string; keyId: string }): Uint8Array | undefined {
  const { data } = document.safeParse(fetched)
  if (data?.id !== did) return undefined
  const isIt = (id: string) => (id.startsWith('#') ? did + id : id) === keyId
  const listed = data.authentication.find((one) => isIt(typeof one === 'string' ? one : idOf(one)))
  if (listed === undefined) return undefined
  const found = typeof listed === 'string' ? data.verificationMethod.find((one) => isIt(idOf(one))) : listed
  return readKey(found)
}

const idOf = (entry: unknown): string => method.pick({ id: true }).safeParse(entry).data?.id ?? ''

function readKey(entry: unknown): Uint8Array | undefined {
  const { publicKeyMultibase, publicKeyJwk, publicKeyBase58 } = method.safeParse(entry).data ?? {}
  if (publicKeyMultibase !== undefined) return readMultikey(publicKeyMultibase)
  if (publicKeyJwk) return decode(() => fromBase64url(publicKeyJwk.x))
  return publicKeyBase58 !== undefined && /^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(publicKeyBase58)
    ? decode(() => base58.decode(publicKeyBase58))
    : undefined
}

function decode(read: () => Uint8Array): Uint8Array | undefined {
  try {
    return checked(read())
  } catch (error) {
    if (error instanceof EncodingError) return undefined
    throw error
  }
}
