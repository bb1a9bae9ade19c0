import { openKey, type Owner } from '../attacker/owner.ts'

export interface RowTransplant {
  baseUrl: string
  owners: readonly [Owner, Owner]
  /** What the attacker may move between the two owners' rows. */
  columns: readonly string[]
  /** Exchanges these columns between the rows of the two; done twice, it changes nothing. Throws if the database forbids it. */
  swap: (columns: readonly string[]) => Promise<void>
}

export interface TransplantVerdict {
  combinations: number
  /** Combinations that a constraint of the database forbids. */
  forbidden: number
  asked: number
  /** Answered 429: the budget refused, and the binding was not put to the test. */
  refused: number
  /** Combinations in which somebody's PIN opened the other's key. */
  released: string[]
  /** Owners whose own PIN opens their own key when all is back in place: 2. */
  intact: number
}

/** Case 7: whoever can write the database moves a key, a verifier or a lock into his own row and opens it with his own PIN. */
export async function transplantRows({ baseUrl, owners, columns, swap }: RowTransplant): Promise<TransplantVerdict> {
  const released: string[] = []
  let [forbidden, asked, refused] = [0, 0, 0]
  const combinations = combine(columns)
  for (const combination of combinations) {
    try {
      await swap(combination)
    } catch {
      forbidden++
      continue
    }
    const openings = await openCrosswise(baseUrl, owners)
    asked += openings.length
    refused += openings.filter(({ status }) => status === 429).length
    if (openings.some((opening) => opening.isForeign)) released.push(combination.join(', '))
    await swap(combination)
    // A success gives the spent guesses back, so that the next combination is compared and not refused.
    await Promise.all(owners.map(({ keyId, pin }) => openKey({ baseUrl, keyId, pin })))
  }
  const own = await Promise.all(owners.map((owner) => openAs(baseUrl, owner.keyId, owner)))
  const intact = own.filter(({ key }, place) => key === owners[place]?.encryptionKey).length
  return { combinations: combinations.length, forbidden, asked, refused, released, intact }
}

/** All subsets up to five columns; beyond, each alone, each pair, all but one and all, which is where an attack would be. */
function combine(columns: readonly string[]): string[][] {
  const all = Array.from({ length: 2 ** columns.length - 1 }, (_, mask) =>
    columns.filter((_column, place) => ((mask + 1) >> place) & 1),
  )
  if (columns.length <= 5) return all
  return all.filter(({ length }) => length <= 2 || length >= columns.length - 1)
}

interface Opened {
  status: number
  key: string | null
}

async function openCrosswise(
  baseUrl: string,
  owners: readonly [Owner, Owner],
): Promise<(Opened & { isForeign: boolean })[]> {
  const openings: (Opened & { isForeign: boolean })[] = []
  for (const { keyId } of owners) {
    for (const holder of owners) {
      const opened = await openAs(baseUrl, keyId, holder)
      const isForeign = owners.some((other) => other !== holder && other.encryptionKey === opened.key)
      openings.push({ ...opened, isForeign })
    }
  }
  return openings
}

async function openAs(baseUrl: string, keyId: string, holder: Owner): Promise<Opened> {
  const { status, body } = await openKey({ baseUrl, keyId, pin: holder.pin })
  return { status, key: status === 200 ? (JSON.parse(body) as { encryptionKey: string }).encryptionKey : null }
}
