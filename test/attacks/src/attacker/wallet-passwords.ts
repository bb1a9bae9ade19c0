import { createHmac, scryptSync } from 'node:crypto'
import { encodeTuple } from '@strongroom/crypto'
import { digestOf, sha256 } from './identity-key.ts'
import { type Hit, type Ingredient, KnownHashes, listQuickDerivations, tryDerivations } from './pin-hashes.ts'

export interface WalletLogin {
  readonly email: string
  readonly password: string
  /** Base64; it lies open, for clients need it before they have anything. */
  readonly salt: string
}

/** The id that a password gives, as clients derive it: scrypt with N=4096 over a salted address, then HMAC. */
export function walletIdOf({ email, password, salt }: WalletLogin): string {
  const salted = sha256(Uint8Array.of(1), Buffer.from(salt, 'base64'), email.toLowerCase())
  const master = scryptSync(password, salted, 32, { N: 4096, r: 8, p: 1 })
  return createHmac('sha256', master).update('WALLET_ID').digest('hex')
}

export interface PasswordGuessing {
  readonly login: WalletLogin
  /** All that it may be; one of them is right. */
  readonly candidates: readonly string[]
  /** Every value of the dump: something that was made of the id would be one of them, */
  readonly stored: readonly Ingredient[]
  /** and its salt or key one of these. */
  readonly salts: readonly Ingredient[]
  /** Public keys of those who sign, and when signatures that were seen end: with them a signing string is all but known. */
  readonly keys: readonly string[]
  readonly ends: readonly Date[]
}

/** Case 5: who has the dump and knows an address tries passwords on every value of it. */
export function guessPasswords({ login, candidates, stored, salts, keys, ends }: PasswordGuessing): Hit[] {
  const known = new KnownHashes(stored)
  const derivations = listQuickDerivations(salts)
  const signed = new Map(stored.map(({ name, bytes }) => [Buffer.from(bytes).toString('hex'), name]))
  const hits: Hit[] = []
  for (const password of candidates) {
    const walletId = walletIdOf({ ...login, password })
    for (const form of formsOf(walletId))
      hits.push(...tryDerivations(form, derivations, known).map((hit) => ({ ...hit, pin: password })))
    for (const [method, digest] of signingDigests(walletId, { keys, ends })) {
      const hash = signed.get(digest)
      if (hash !== undefined) hits.push({ method, pin: password, salt: 'none', hash })
    }
  }
  return hits
}

const tuple = (...parts: readonly string[]) => Buffer.from(encodeTuple(...parts)).toString('latin1')

/** As others name a wallet, a request, a demand; and as our source does, which an attacker has read. */
function formsOf(walletId: string): string[] {
  const path = `/wallets/${walletId}`
  const requests = ['GET', 'PUT', 'POST'].flatMap((method) => [
    `${method} ${path}`,
    `${method.toLowerCase()} ${path}`,
    `${method}:${path}:`,
  ])
  return [walletId, `wallet:${walletId}`, path, tuple('wallet', walletId), ...requests]
}

/** Digests of what somebody signed who signs target, date and digest, and nothing that is random. */
function signingDigests(
  walletId: string,
  { keys, ends }: Pick<PasswordGuessing, 'keys' | 'ends'>,
): (readonly [method: string, hex: string])[] {
  const targets = ['post', 'delete', 'get'].flatMap((method) => [
    `${method} /wallets/${walletId}`,
    `${method} /wallets/${walletId}/restoration`,
    ...Array.from({ length: 12 }, (_, factor) => `${method} /wallets/${walletId}/factors/${String(factor)}`),
  ])
  return ends.flatMap((end) => {
    const date = new Date(end.getTime() - 3_600_000).toUTCString()
    return targets.flatMap((target) =>
      keys.flatMap((key) => {
        const text = `(request-target): ${target}\ndate: ${date}\ndigest: ${digestOf('')}`
        return [
          ['of a signing string and its key', sha256(encodeTuple(key, text)).toString('hex')],
          ['of a signing string', sha256(text).toString('hex')],
        ] as const
      }),
    )
  })
}
