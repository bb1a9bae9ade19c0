import { randomBytes } from 'node:crypto'
import { importAesKey, useAndDestroy } from '../keys/session-keys.ts'
import { proveMechanismLists } from '../keys/mechanism-lists.ts'
import type { TokenDescription } from '../keystore.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Session } from '../pkcs11/session.ts'

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
  const isWrapped = (extractable: boolean) => inSession((session) => wraps(session, extractable))
  const enforced = isWrapped(false) ? 'ignored' : 'enforced'
  return {
    description,
    mechanismLists: inSession(proveMechanismLists),
    extractable: isWrapped(true) ? enforced : 'untried',
  }
}

function wraps(session: Session, extractable: boolean): boolean {
  try {
    return useAndDestroy(session, (own) => {
      const wrapper = own(importAesKey(session, { value: randomBytes(32), uses: ['wrap'] }))
      const key = importAesKey(session, {
        value: randomBytes(32),
        uses: ['encrypt'],
        ...(extractable && { extractable: 'extractable' }),
      })
      return session.wrapKey(CKM.aesKeyWrap, wrapper, own(key)).length > 0
    })
  } catch (error) {
    if (isDeviceError(error)) return false
    throw error
  }
}
