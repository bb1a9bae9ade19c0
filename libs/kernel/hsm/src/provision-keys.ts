import { connect, type TokenConnection } from './connect.ts'
import { HsmUnavailable } from './errors.ts'
import { type KeyNeed, type KeyRecord, loadable } from './keystore.ts'
import { DeviceError } from './pkcs11/device-error.ts'
import { type FoundKey, provisionMissing } from './provision-token.ts'
import { refuseNewerMark } from './several/epochs.ts'
import { provisionSeveral } from './several/provision-several.ts'
import { recordsOf } from './several/token-records.ts'
import { refuseSharedToken } from './token-roles.ts'

export interface ProvisionOptions extends TokenConnection {
  readonly needs: readonly KeyNeed[]
  /** The records that the database holds. Each must be on the token: a recorded key is never replaced. */
  readonly existing: readonly KeyRecord[]
  /** Where the operator’s own keys serve some of the needs. A companion has the label with "/mac" behind it, or the same id. */
  readonly found?: readonly FoundKey[]
  /** What the database says. Where a token was raised further nothing is made: the database is an old one. */
  readonly epoch?: number
}

/** Several tokens, all at hand, the first one first. Records of the others name their token; each holds what is `found`. */
export interface SeveralProvisionOptions extends Pick<ProvisionOptions, 'needs' | 'existing' | 'found' | 'epoch'> {
  readonly tokens: readonly [TokenConnection, ...TokenConnection[]]
}

/**
 * Makes the keys that are needed and not recorded, or finds those that the operator named, and answers the records of
 * these alone, to be stored before first use. Each was used and read back first. A key that a crash left on the token
 * unrecorded is adopted. Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`.
 */
export async function provisionKeys(options: ProvisionOptions | SeveralProvisionOptions): Promise<KeyRecord[]> {
  const { needs, existing, found = [] } = options
  refuseSharedToken([...needs, ...existing])
  if (!('tokens' in options)) return provisionOne({ ...options, ofAllTokens: existing })
  const [first, ...others] = options.tokens
  return others.length === 0
    ? provisionOne({
        ...first,
        needs,
        found,
        ...(options.epoch !== undefined && { epoch: options.epoch }),
        existing: recordsOf(existing, { label: first.tokenLabel, first: first.tokenLabel }),
        ofAllTokens: existing,
      })
    : provisionSeveral({ ...options, found })
}

async function provisionOne({
  needs,
  existing,
  ofAllTokens,
  found = [],
  epoch,
  ...connection
}: ProvisionOptions & { ofAllTokens: readonly KeyRecord[] }): Promise<KeyRecord[]> {
  const link = await connect(connection, loadable(existing))
  try {
    refuseNewerMark(link, epoch)
    return provisionMissing(link.access, { needs, existing, ofAllTokens, found, app: connection.app })
  } catch (error) {
    throw error instanceof DeviceError ? new HsmUnavailable(error.message) : error
  } finally {
    link.close()
  }
}
