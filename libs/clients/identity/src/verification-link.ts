import { fromBase64url, fromUtf8, Secret } from '@strongroom/crypto'

/** What the mail of a new wallet brings. */
export interface WalletVerification {
  readonly walletId: Secret
  readonly token: Secret
}

// `1` is what TokenD's mails said before version 4.
const kinds: readonly unknown[] = ['api-verify', 1]

/**
 * Reads the link of a verification mail, or its last part alone: base64 of the client router's JSON
 * `{"type":"api-verify","meta":{"token","wallet_id"}}`. `undefined` when it is none.
 */
export function readVerificationLink(link: string): WalletVerification | undefined {
  const payload = /^https?:[^?#]*?\/r\/([^?#]+)/.exec(link)?.[1] ?? link
  try {
    const { type, meta } = JSON.parse(decode(payload)) as { type?: unknown; meta?: Readonly<Record<string, unknown>> }
    const { token, wallet_id: walletId } = meta ?? {}
    if (!kinds.includes(type) || typeof token !== 'string' || !isWalletId(walletId)) return undefined
    return { walletId: new Secret(walletId), token: new Secret(token) }
  } catch {
    return undefined
  }
}

const isWalletId = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

/** Both alphabets of base64, padded or not, as TokenD's own client takes them. */
const decode = (payload: string): string =>
  fromUtf8(fromBase64url(payload.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')))
