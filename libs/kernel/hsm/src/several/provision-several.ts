import type { TokenConnection } from '../connect.ts'
import { type KeyNeed, type KeyRecord, loadable } from '../keystore.ts'
import { type FoundKey, provisionMissing } from '../provision-token.ts'
import { type Candidate, provisionMacKey } from './mac-keys.ts'
import { neededOn, refuseUnequalRecords } from './token-records.ts'
import { withTokens } from './with-tokens.ts'

interface Ceremony {
  readonly tokens: readonly [TokenConnection, ...TokenConnection[]]
  readonly needs: readonly KeyNeed[]
  readonly existing: readonly KeyRecord[]
  readonly found: readonly FoundKey[]
  readonly epoch?: number
}

/** As `provisionKeys`, of several tokens that are all at hand. Nothing is answered, and so recorded, before all hold it. */
export async function provisionSeveral({ tokens, needs, existing, found, epoch }: Ceremony): Promise<KeyRecord[]> {
  const [{ app }] = tokens
  return withTokens(tokens, { existing, epoch }, (candidates) => {
    const made = [
      ...ownKeys(candidates, { needs, existing, found, app }),
      ...macKeys(candidates, { needs, found, app }),
    ]
    const labels = tokens.map(({ tokenLabel }) => tokenLabel)
    refuseUnequalRecords([...loadable(existing), ...made], labels)
    return made
  })
}

interface Wish {
  readonly needs: readonly KeyNeed[]
  readonly found: readonly FoundKey[]
  readonly app: string
}

const ownKeys = (
  candidates: readonly Candidate[],
  { needs, existing, found, app }: Wish & { existing: readonly KeyRecord[] },
): KeyRecord[] =>
  candidates.flatMap(({ access, recorded, token }) => {
    const own = neededOn(token === undefined ? 'first' : 'further', needs).filter(({ job }) => job !== 'mac')
    const made = provisionMissing(access, { needs: own, existing: recorded, ofAllTokens: existing, found, app })
    return made.map((record) => ({ ...record, ...(token !== undefined && { token }) }))
  })

function macKeys(candidates: readonly Candidate[], { needs, found, app }: Wish): KeyRecord[] {
  const [first, ...others] = candidates
  if (first === undefined) return []
  return needs
    .filter(({ job }) => job === 'mac')
    .flatMap((need) => provisionMacKey([first, ...others], { need, found, app }))
}
