import { Refusal } from '@strongroom/http'
import { proveRequestSignature, type SignatureRules } from '../src/prove-request-signature.ts'
import { arriving, type Headers, idOf, signedHeaders, type Wish } from './request-signer.ts'

export const compat: SignatureRules = { profile: 'compat' }

/** Strict, with signatures remembered in memory: what remembers them for good has tests of its own. */
export function strict(clock = () => new Date()): SignatureRules & { readonly ends: readonly Date[] } {
  const seen = new Set<string>()
  const ends: Date[] = []
  const take = async (digest: Uint8Array, until: Date) => {
    ends.push(until)
    return seen.size < seen.add(Buffer.from(digest).toString('hex')).size
  }
  return { profile: 'strict', clock, seen: { take }, ends }
}

/** What the proof yields of a request with these headers, or the kind of its refusal. */
export async function prove(wish: Wish, headers: Headers, signatures: SignatureRules = compat): Promise<unknown> {
  const input = { params: undefined, query: undefined, body: undefined }
  const request = { ...arriving(wish, headers), input, ip: '127.0.0.1' }
  const judged = await proveRequestSignature.prove(request, { signatures })
  return judged instanceof Refusal ? judged.kind : judged
}

/** The same, of a request that is signed as wished. */
export const proveSigned = (wish: Wish, signatures?: SignatureRules): Promise<unknown> =>
  prove(wish, signedHeaders(wish), signatures)

export const yields = (covered: string) => ({ keyId: idOf('ann'), covered: covered.split(' '), source: 'signature' })
