import { connect, type TokenConnection } from '../connect.ts'
import { HsmUnavailable } from '../errors.ts'
import { type KeyRecord, loadable } from '../keystore.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { TokenLink } from '../token-link.ts'
import { refuseNewerMark } from './epochs.ts'
import type { Candidate } from './mac-keys.ts'
import { oneClass, refuseRing } from './refuse-ring.ts'
import { recordsOf } from './token-records.ts'

export type TokenConnections = readonly [TokenConnection, ...TokenConnection[]]

export interface Recorded {
  readonly existing: readonly KeyRecord[]
  /** Of the database: refused where a token is further. */
  readonly epoch?: number | undefined
}

/** Logs in to every token, checks what is recorded of each, and does what needs all of them at hand. Errors as of `connect`. */
export async function withTokens<T>(
  tokens: TokenConnections,
  { existing, epoch }: Recorded,
  body: (candidates: readonly Candidate[]) => T,
): Promise<T> {
  refuseRing(tokens)
  const [{ tokenLabel: first }] = tokens
  const accept = oneClass()
  const links: TokenLink[] = []
  try {
    const candidates: Candidate[] = []
    for (const token of tokens) {
      const { tokenLabel: label } = token
      const recorded = recordsOf(existing, { label, first })
      const link = await connect(token, loadable(recorded))
      links.push(link)
      accept(link.description)
      refuseNewerMark(link, epoch)
      candidates.push({
        access: link.access,
        label,
        recorded,
        keys: link.keys,
        ...(label !== first && { token: label }),
      })
    }
    return body(candidates)
  } catch (error) {
    throw error instanceof DeviceError ? new HsmUnavailable(error.message) : error
  } finally {
    for (const link of links) link.close()
  }
}
