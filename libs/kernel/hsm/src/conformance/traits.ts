import { randomBytes } from 'node:crypto'
import { importAesKey, useAndDestroy } from '../keys/session-keys.ts'
import { proveMechanismLists } from '../keys/mechanism-lists.ts'
import type { TokenDescription } from '../keystore.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Mechanism, Session } from '../pkcs11/session.ts'

/** In what tokens differ, found by trying. */
export interface Traits {
  readonly description: TokenDescription
  /** Whether `CKA_ALLOWED_MECHANISMS` binds. */
  readonly mechanismLists: 'honoured' | 'ignored'
  /** Whether `CKA_EXTRACTABLE: false` keeps a key from being wrapped; `untried` where the token wraps nothing. */
  readonly extractable: 'enforced' | 'ignored' | 'untried'
}

export function findTraits(openSession: () => Session, description: TokenDescription): Traits {
  const inSession = <T>(find: (session: Session) => T): T => {
    const session = openSession()
    try {
      return find(session)
    } finally {
      session.close()
    }
  }
  const isWrapped = (way: Mechanism, extractable: boolean) => inSession((session) => wraps(session, way, extractable))
  const way = ways.find((one) => isWrapped(one, true))
  const enforced = way !== undefined && isWrapped(way, false) ? 'ignored' : 'enforced'
  return {
    description,
    mechanismLists: inSession(proveMechanismLists),
    extractable: way === undefined ? 'untried' : enforced,
  }
}

/** Ways of wrapping of the standard; the first that the token knows tells. */
const ways: readonly Mechanism[] = [
  { mechanism: CKM.aesKeyWrap },
  { mechanism: CKM.aesCbcPad, parameter: Buffer.alloc(16) },
  { mechanism: CKM.aesCbc, parameter: Buffer.alloc(16) },
]

function wraps(session: Session, mechanism: Mechanism, extractable: boolean): boolean {
  try {
    return useAndDestroy(session, (own) => {
      const wrapper = own(importAesKey(session, { value: randomBytes(32), uses: ['wrap'] }))
      const key = importAesKey(session, {
        value: randomBytes(32),
        uses: ['encrypt'],
        ...(extractable && { extractable: 'extractable' }),
      })
      return session.wrapKey(mechanism, wrapper, own(key)).length > 0
    })
  } catch (error) {
    if (isDeviceError(error)) return false
    throw error
  }
}
