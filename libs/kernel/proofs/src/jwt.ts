import { fromUtf8, type Secret } from '@strongroom/crypto'
import { decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose'

const MOST_BYTES = 16_384
const compact = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** Seconds by which the clock of whoever dated a JWT may differ from ours. */
export const LEEWAY = 60

/** Whose clock a JWT is judged by: the process's own. Others wrote its dates, so the database's is not asked. */
export type Clock = () => Date

export interface Jwt {
  readonly text: string
  readonly header: ProtectedHeaderParameters
}

/**
 * Reads a signed JWT without believing it (RFC 7515, compact). `undefined` where it is none, is longer than 16 KiB, has
 * no signature, or names critical extensions: we know none.
 */
export function readJwt(token: Secret): Jwt | undefined {
  if (token.length > MOST_BYTES) return undefined
  try {
    const text = fromUtf8(token.expose())
    if (!compact.test(text)) return undefined
    const header = decodeProtectedHeader(text)
    return 'crit' in header ? undefined : { text, header }
  } catch {
    return undefined
  }
}
