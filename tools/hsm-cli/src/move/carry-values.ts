import { type KeyRecord, openKeystore } from '@strongroom/hsm'
import { openProver } from '@strongroom/hsm/inspection'
import { openBridge } from '@strongroom/hsm/moving'
import type { Settings } from '@strongroom/service'
import type { AppToken } from '@strongroom/service/operator'
import type { Context } from '../context.ts'
import { Refused } from '../outcome.ts'
import { verifyColumn } from '../verify/verify-columns.ts'
import type { World } from './at-migrator.ts'
import { carryAll } from './carry.ts'
import { strayValues } from './stray-values.ts'

/** Everything on both, each proved by opening; then nothing may be left that names the old token alone. Throws `Refused`. */
export async function carryValues<S extends Settings>(
  { service, database, from, keys }: World<S>,
  { to, coming, context: { terminal } }: { to: AppToken; coming: readonly KeyRecord[]; context: Context },
): Promise<number> {
  const leaving = keys.filter(({ token }) => token === undefined)
  const hsm = await openKeystore({ tokens: [from], keys: leaving })
  const bridge = await openBridge([
    { token: from, keys: leaving },
    { token: to, keys: coming },
  ])
  const bar = terminal.progress(`carrying to "${to.tokenLabel}"`, service.sealed.length)
  try {
    const onColumn = (name: string, rows: number) => bar.advance(rows === 0 ? 1 : 0, name)
    const rows = await carryAll({ app: service.name, database, columns: service.sealed, bridge, hsm, onColumn })
    await refuseUnproved({ service, database, from: to, keys: coming })
    const [left, kept] = [await bridge.keyIds(from.tokenLabel), await bridge.keyIds(to.tokenLabel)]
    const strays = await strayValues(database, { left, kept })
    if (strays.length === 0) return rows
    const places = strays.map((one) => `${one.table}.${one.column} (${String(one.rows)} rows)`).join(', ')
    throw new Refused(
      `values in ${places} are of no declared column and stay behind: wait until they pass, or delete them, and run this again`,
    )
  } finally {
    bar.end('everything that was asked for was looked at')
    await bridge.close()
    await hsm.close()
  }
}

/** Each value opens on that token alone. */
async function refuseUnproved<S extends Settings>({
  service,
  database,
  from: token,
  keys,
}: Omit<World<S>, 'others'>): Promise<void> {
  const prover = await openProver({ tokens: [token], keys: keys.map(({ token: _, ...key }) => key) })
  try {
    for (const column of service.sealed) {
      const { broken } = await verifyColumn(column, { database, prover, onPage: () => undefined })
      if (broken.length > 0)
        throw new Refused(
          `${String(broken.length)} values of ${column.name} do not open on "${token.tokenLabel}": nothing was switched`,
        )
    }
  } finally {
    await prover.close()
  }
}
