import { Secret } from '@strongroom/crypto'
import { connect, type TokenConnection } from '../connect.ts'
import { HsmRefusal, HsmUnavailable } from '../errors.ts'
import { importKey } from '../keys/import-key.ts'
import { findKey } from '../keys/locate-key.ts'
import type { NewKey } from '../keys/make-key.ts'
import type { TokenAccess } from '../keys/token-key.ts'
import type { KeyNeed, RecoveryPublicKey } from '../keystore.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import { newRecord } from '../provision-token.ts'
import { sealForRecovery } from '../seal-for-recovery.ts'
import type { TokenLink } from '../token-link.ts'
import { type MovableCopy, movableBinding } from './movable-copy.ts'

const MAC_KEY_BYTES = 64

export interface MovableWish {
  readonly tokens: readonly [TokenConnection, ...TokenConnection[]]
  /** Those that are not recorded yet; of other jobs none. */
  readonly needs: readonly KeyNeed[]
  /** Of the token in the safe. */
  readonly publicKey: RecoveryPublicKey
  /** Returns when the copy is where it survives: only then is the key put on a token. */
  readonly keep: (copy: MovableCopy) => void
}

/**
 * Draws MAC keys in the first token and imports each into all of them, not extractable, under the names that `provisionKeys`
 * looks for and adopts. Nothing is made where a key of that name is there: nobody has a copy of that one. Throws as `connect` does.
 */
export async function drawMovableKeys({
  tokens,
  needs,
  publicKey,
  keep,
}: MovableWish): Promise<readonly MovableCopy[]> {
  const links: TokenLink[] = []
  try {
    for (const token of tokens) links.push(await connect(token, []))
    const [first] = links
    if (first === undefined) return []
    const [{ deployment, app }] = tokens
    const records = needs.filter(({ job }) => job === 'mac').map((need) => newRecord(first.access, { need, app }))
    for (const record of records) refuseExisting(links, record)
    const tenant = { deployment, app }
    return records.map((record) => drawOne(links, { record, publicKey, tenant, keep }))
  } catch (error) {
    throw error instanceof DeviceError ? new HsmUnavailable(error.message) : error
  } finally {
    for (const link of links) link.close()
  }
}

function refuseExisting(links: readonly TokenLink[], record: NewKey): void {
  for (const { access, description } of links) {
    if (findKey(access, record) === undefined) continue
    const remedy =
      'it was made without a copy, and none can be taken of it now; keep to this token, or begin on a new one'
    throw new HsmRefusal('key-ambiguous', `the token "${description.label}" has the key "${record.label}": ${remedy}`)
  }
}

interface Drawing extends Pick<MovableWish, 'publicKey' | 'keep'> {
  readonly record: NewKey
  readonly tenant: { readonly deployment: string; readonly app: string }
}

function drawOne(links: readonly TokenLink[], { record, publicKey, tenant, keep }: Drawing): MovableCopy {
  const [first, ...others] = links.map(({ access }) => access) as [TokenAccess, ...TokenAccess[]]
  const value = first.session.drawRandom(MAC_KEY_BYTES)
  try {
    const { label, use, version } = record
    const binding = movableBinding(tenant.app, record)
    const copy = { label, use, version, copy: sealForRecovery(publicKey, new Secret(value), { ...tenant, binding }) }
    keep(copy)
    for (const access of [...others, first]) importKey(access, record, value)
    return copy
  } finally {
    value.fill(0)
  }
}
