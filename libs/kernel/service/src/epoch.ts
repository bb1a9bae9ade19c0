import { recordEvent, securityEvent } from '@strongroom/audit'
import { HsmRefusal, type Keystore, refuseRolledBack, type TokenEpoch } from '@strongroom/hsm'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

const restoreAccepted = securityEvent('keystore.restore-accepted', z.object({ database: z.int(), token: z.int() }))

const epochRow = z.object({ number: column.count })

export interface EpochPlaces {
  readonly database: Database
  readonly hsm: Keystore
}

export interface Raised {
  readonly number: number
  /** Labels of the healthy tokens that keep no epoch: an old database is not noticed by them. */
  readonly unable: readonly string[]
}

/**
 * At each start. Throws `HsmRefusal` where a healthy token is further than the database. The tokens are asked first and
 * the database is raised first, both only upwards: so nothing that others do meanwhile looks like an old database.
 */
export async function beginEpoch({ database, hsm }: EpochPlaces): Promise<Raised> {
  const newest = newestOf(await hsm.epochs())
  const raised = await database.maybe(
    epochRow,
    sql`update keystore.epoch set number = number + 1 where number >= ${newest.number} returning number`,
  )
  if (raised) return raiseTokens(hsm, raised.number)
  refuseRolledBack(await epochOf(database), [newest])
  throw new HsmRefusal('database-behind', 'the database was behind its token a moment ago: start again')
}

/** For what must not be undone by an old database: a rotation. The database first, so that a crash leaves no token ahead. */
export async function raiseEpoch({ database, hsm }: EpochPlaces): Promise<Raised> {
  const { number } = await database.one(epochRow, sql`update keystore.epoch set number = number + 1 returning number`)
  return raiseTokens(hsm, number)
}

/** An operator has looked, and goes on with this database: raises both above the newest. `undefined`: nothing was behind. */
export async function acceptEpoch(
  { database, hsm }: EpochPlaces,
  app: string,
): Promise<(Raised & { readonly was: number; readonly token: TokenEpoch }) | undefined> {
  const token = newestOf(await hsm.epochs())
  const accepted = await database.transaction(async (tx) => {
    const behind = await tx.maybe(
      epochRow,
      sql`select number from keystore.epoch where number < ${token.number} for update`,
    )
    if (behind === undefined) return undefined
    await tx.run(sql`update keystore.epoch set number = ${token.number + 1}`)
    await recordEvent(tx, restoreAccepted, { subject: app, detail: { database: behind.number, token: token.number } })
    return behind.number
  })
  if (accepted === undefined) return undefined
  return { ...(await raiseTokens(hsm, token.number + 1)), was: accepted, token }
}

export const epochOf = async (statements: Statements): Promise<number> =>
  (await statements.one(epochRow, sql`select number from keystore.epoch`)).number

const newestOf = (tokens: readonly TokenEpoch[]): Required<TokenEpoch> =>
  tokens
    .map(({ label, number = 0 }) => ({ label, number }))
    .reduce((newest, one) => (one.number > newest.number ? one : newest), { label: '', number: 0 })

async function raiseTokens(hsm: Keystore, number: number): Promise<Raised> {
  const tokens = await hsm.raiseEpochs(number)
  return { number, unable: tokens.filter((token) => token.number === undefined).map(({ label }) => label) }
}
