import { startIssuer } from '@strongroom/issuer'
import { makeMany } from './ask.ts'

/** For the longest run. */
const LIFETIME = 7200

/** Access tokens of OpenID Connect, or the ID tokens of Firebase that an address comes with. */
export type TokenKind = 'access' | 'login'

export interface Tokens {
  readonly issuer: string
  readonly keysUrl: string
  readonly audience: string
  /** `nth` tells apart several of the same person: each ends a second after the one before. */
  issue(kind: TokenKind, subject: string, nth?: number): Promise<string>
  stop(): Promise<void>
}

/** An issuer in our own process: tokens are made ahead, and servers fetch its keys once, so that it idles while we measure. */
export async function startTokens(): Promise<Tokens> {
  const running = await startIssuer()
  const { url: issuer, keysUrl, audience, issueToken } = running
  return {
    issuer,
    keysUrl,
    audience,
    issue: (kind, subject, nth = 0) =>
      kind === 'access'
        ? issueToken({ subject, provider: 'oidc', lifetime: LIFETIME + nth })
        : issueToken({ subject, email: `${subject}@example.com`, lifetime: LIFETIME + nth }),
    stop: () => running.close(),
  }
}

/** What a peer is told, to verify the same tokens by the same keys. */
export const peerSettings = ({ issuer, keysUrl, audience }: Tokens) => ({
  PEER_ISSUER: issuer,
  PEER_KEYS_URL: keysUrl,
  PEER_AUDIENCE: audience,
})

// The app remembers a thousand tokens that it verified: of more than those, in turn, it never meets one that it knows.
const FRESH = 1200

/** Tokens of these people in turn, so many that each is new to the app when it comes. */
export async function freshTokens(tokens: Tokens, kind: TokenKind, subjects: readonly string[]) {
  let nth = 0
  return makeMany(FRESH, () => {
    const subject = subjects[nth % subjects.length] ?? ''
    return tokens.issue(kind, subject, ++nth)
  })
}
