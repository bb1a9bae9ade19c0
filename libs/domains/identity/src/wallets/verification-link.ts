import { equalBytes, toBase64url, toHex, toUtf8 } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { linkToken, type Place } from './names.ts'

/** Made anew each time it is needed, so that no row holds it and every mail of one wallet has the same. */
export const tokenOfWallet = (hsm: Keystore, { id, lookup, contact }: Omit<Place, 'accountId'>): Promise<string> =>
  linkToken(hsm, 'wallet', id, toHex(lookup), toHex(contact))

export const isToken = (given: string, expected: string): boolean => equalBytes(toUtf8(given), toUtf8(expected))

/** TokenD's payload for its web client: `{"type":"api-verify","meta":{"token","wallet_id"}}`, base64url behind the router. */
export function verificationLink(router: URL, { walletId, token }: { walletId: string; token: string }): string {
  const payload = { type: 'api-verify', meta: { token, wallet_id: walletId } }
  return `${router.href.replace(/\/$/, '')}/${toBase64url(toUtf8(JSON.stringify(payload)))}`
}
