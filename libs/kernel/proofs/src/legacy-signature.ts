import { EncodingError, equalBytes, fromBase64, sha256, toUtf8 } from '@strongroom/crypto'
import type { RawRequest } from '@strongroom/http'
import { verifyByOpenSsl } from './ed25519.ts'
import { isOpenUntil } from './http-date.ts'
import type { Clock } from './jwt.ts'
import type { Signed, UnreadableReason } from './request-signature.ts'
import { readAccountKey } from './signature-header.ts'
import { valueOf } from './signing-string.ts'

const unreadable = 'legacy header is missing or malformed' satisfies UnreadableReason

/**
 * TokenD's first signatures: `X-AuthSignature` is an XDR DecoratedSignature over the SHA-256 of
 * `{ uri: '…', valid_untill: '…'}`, the end in Unix seconds. `undefined` for one that is wrong or over.
 */
export function judgeLegacy(request: RawRequest, clock: Clock): Signed | UnreadableReason | undefined {
  const keyId = valueOf(request, 'x-authpublickey') ?? ''
  const end = valueOf(request, 'x-authvaliduntilltimestamp') ?? ''
  const publicKey = readAccountKey(keyId)
  const signature = publicKey && readDecorated(valueOf(request, 'x-authsignature') ?? '', publicKey)
  if (!signature || !/^\d{1,11}$/.test(end)) return unreadable
  if (!isOpenUntil(new Date(Number(end) * 1000), clock)) return undefined
  if (!/^[\x20-\x7e]+$/.test(request.target)) return undefined
  const message = sha256(toUtf8(`{ uri: '${request.target}', valid_untill: '${end}'}`))
  if (!verifyByOpenSsl({ message, signature, publicKey })) return undefined
  return { keyId, covered: ['uri', 'valid_untill'], source: 'legacy' }
}

/** The signature between the key's last four bytes, its own length (RFC 4506) and the end. */
function readDecorated(text: string, publicKey: Uint8Array): Uint8Array | undefined {
  try {
    const bytes = fromBase64(text)
    const head = Uint8Array.of(...publicKey.subarray(-4), 0, 0, 0, 64)
    return bytes.length === 72 && equalBytes(bytes.subarray(0, 8), head) ? bytes.subarray(8) : undefined
  } catch (error) {
    if (error instanceof EncodingError) return undefined
    throw error
  }
}
