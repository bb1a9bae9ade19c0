import type { Keystore } from '@strongroom/hsm'
import { unspaced } from '../wallets/shapes.ts'
import { type Contents, type IdentifierKind, nameOf } from './names.ts'
import type { Filters } from './shapes.ts'
import type { IdentityKey } from './store.ts'

/** Whom somebody looks for. */
export interface Named {
  readonly keys: readonly IdentityKey[]
  /** What they know of whom they look for. */
  readonly texts: Contents
  readonly byEmail: boolean
}

/** Texts that nobody can have find nobody. */
export async function namedBy(hsm: Keystore, filters: Filters): Promise<Named> {
  const texts = textsIn(filters)
  const keys = texts.map(async ([kind, text]): Promise<IdentityKey> => ({ kind, name: await nameOf(hsm, kind, text) }))
  const address = filters['filter[address]']
  return {
    keys: [...(await Promise.all(keys)), ...(address ? [{ address }] : [])],
    texts: Object.fromEntries(texts),
    byEmail: texts.some(([kind]) => kind === 'email'),
  }
}

function textsIn(filters: Filters): readonly (readonly [IdentifierKind, string])[] {
  const identifier = filters['filter[identifier]']
  const given = [
    ['email', filters['filter[email]']],
    ['phone', filters['filter[phone]']],
    ['telegram', filters['filter[telegram_username]']],
    ['passport', filters['filter[passport]']],
    [identifier?.includes('@') ? 'email' : 'phone', identifier],
  ] as const
  return given.flatMap(([kind, text]) => (text ? [[kind, kind === 'passport' ? text : unspaced(text)] as const] : []))
}
