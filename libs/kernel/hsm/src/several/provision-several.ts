import { connect, type TokenConnection } from '../connect.ts'
import { HsmUnavailable } from '../errors.ts'
import type { KeyNeed, KeyRecord } from '../keystore.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import { type FoundKey, provisionMissing } from '../provision-token.ts'
import type { TokenLink } from '../token-link.ts'
import { refuseNewerMark } from './epochs.ts'
import { type Candidate, provisionMacKey } from './mac-keys.ts'
import { oneClass, refuseRing } from './refuse-ring.ts'
import { neededOn, recordsOf, refuseUnequalRecords } from './token-records.ts'

interface Ceremony {
  readonly tokens: readonly [TokenConnection, ...TokenConnection[]]
  readonly needs: readonly KeyNeed[]
  readonly existing: readonly KeyRecord[]
  readonly found: readonly FoundKey[]
  readonly epoch?: number
}

/** As `provisionKeys`, of several tokens that are all at hand. Nothing is answered, and so recorded, before all hold it. */
export async function provisionSeveral({ tokens, needs, existing, found, epoch }: Ceremony): Promise<KeyRecord[]> {
  refuseRing(tokens)
  const [{ app, tokenLabel: first }] = tokens
  const accept = oneClass()
  const links: TokenLink[] = []
  try {
    const candidates: Candidate[] = []
    for (const token of tokens) {
      const { tokenLabel: label } = token
      const recorded = recordsOf(existing, { label, first })
      const link = await connect(token, recorded)
      links.push(link)
      accept(link.description)
      refuseNewerMark(link, epoch)
      candidates.push({ access: link.access, label, recorded, ...(label !== first && { token: label }) })
    }
    const made = [...ownKeys(candidates, { needs, found, app }), ...macKeys(candidates, { needs, found, app })]
    const labels = tokens.map(({ tokenLabel }) => tokenLabel)
    refuseUnequalRecords([...existing, ...made], labels)
    return made
  } catch (error) {
    throw error instanceof DeviceError ? new HsmUnavailable(error.message) : error
  } finally {
    for (const link of links) link.close()
  }
}

interface Wish {
  readonly needs: readonly KeyNeed[]
  readonly found: readonly FoundKey[]
  readonly app: string
}

const ownKeys = (candidates: readonly Candidate[], { needs, found, app }: Wish): KeyRecord[] =>
  candidates.flatMap(({ access, recorded, token }) => {
    const own = neededOn(token === undefined ? 'first' : 'further', needs).filter(({ job }) => job !== 'mac')
    const made = provisionMissing(access, { needs: own, existing: recorded, found, app })
    return made.map((record) => ({ ...record, ...(token !== undefined && { token }) }))
  })

function macKeys(candidates: readonly Candidate[], { needs, found, app }: Wish): KeyRecord[] {
  const [first, ...others] = candidates
  if (first === undefined) return []
  return needs
    .filter(({ job }) => job === 'mac')
    .flatMap((need) => provisionMacKey([first, ...others], { need, found, app }))
}
