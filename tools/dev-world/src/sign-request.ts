import { parseArgs } from 'node:util'
import { fromUtf8, type Secret, systemRandom, toBase64url } from '@strongroom/crypto'
import { isAccountId, type Signer, signRequest } from '@strongroom/identity-client'
import { curlLine } from './curl-line.ts'
import { findKeptWallet, isEmail } from './kept-wallet.ts'
import { usualPlaces } from './places.ts'
import { ADMINISTRATOR, isKeyName, seedTextOf, signingKey } from './signing-key.ts'
import { readWorldFile } from './world-file.ts'

const options = {
  key: { type: 'string', default: ADMINISTRATOR },
  account: { type: 'string' },
  data: { type: 'string' },
  url: { type: 'string' },
  strict: { type: 'boolean', default: false },
  show: { type: 'boolean', default: false },
  seed: { type: 'boolean', default: false },
} as const

/** A request to sign, or a key to print. */
export interface SigningAsked {
  readonly key: string
  readonly print: 'request' | 'key' | 'seed'
  readonly method: string
  readonly target: string
  readonly account: string | undefined
  readonly data: string | undefined
  readonly url: string | undefined
  readonly strict: boolean
}

/** What a command line asks to be signed; nothing where it cannot be made sense of. */
export function readSigning(args: string[]): SigningAsked | undefined {
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [method = '', target = '', ...rest] = positionals
    const { key, account, data, url, strict, show, seed } = values
    const isNamed = isKeyName(key) || isEmail(key)
    if (!isNamed || rest.length > 0 || (account !== undefined && !isAccountId(account))) return undefined
    const asked = { key, method: method.toUpperCase(), target, account, data, url, strict }
    if (show !== seed) return positionals.length === 0 ? { ...asked, print: show ? 'key' : 'seed' } : undefined
    return !show && isMethod(asked.method) && isTarget(target) ? { ...asked, print: 'request' } : undefined
  } catch {
    return undefined
  }
}

const isMethod = (text: string): boolean => /^(GET|POST|PUT|PATCH|DELETE)$/.test(text)

/** As it goes out: what curl would encode, or cut off, would not be what was signed. */
const isTarget = (text: string): boolean => /^\/[!-"$-~]*$/.test(text)

/** @throws Error with what is missing. */
export async function answerSigning(asked: SigningAsked): Promise<string> {
  const { signer, seedText, accountId } = keyNamed(asked.key)
  if (asked.print === 'key') return signer.keyId
  if (asked.print === 'seed') return fromUtf8(seedText.expose())
  const { method, target, data: body, strict } = asked
  const base = asked.url ?? readWorldFile(usualPlaces)?.apps['identity-storage']
  if (base === undefined) throw new Error('No development world with identity-storage runs here: npm start, or --url.')
  const headers = await signRequest({
    signer,
    method,
    target,
    accountId: asked.account ?? accountId,
    body,
    ...(strict && { profile: 'strict', date: new Date(), nonce: toBase64url(systemRandom(16)) }),
  })
  const typed = body === undefined ? headers : { 'content-type': 'application/vnd.api+json', ...headers }
  return curlLine({ method, url: `${base.replace(/\/+$/, '')}${target}`, headers: typed, body })
}

interface NamedKey {
  readonly signer: Signer
  readonly seedText: Secret
  /** `G…`: whom it usually signs for. */
  readonly accountId: string
}

/** An address names the key of its wallet; any other name, a key of this world's own, drawn where there is none. */
function keyNamed(name: string): NamedKey {
  if (isEmail(name)) {
    const found = findKeptWallet(usualPlaces, name)
    if (!found) throw new Error('Nobody signed in to that wallet here: npm run --silent wallet -- sign-in …')
    return found
  }
  const signer = signingKey(usualPlaces, name)
  return { signer, seedText: seedTextOf(usualPlaces, name), accountId: signer.keyId }
}
