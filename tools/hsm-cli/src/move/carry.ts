import { type Binding, type Keystore, Unopenable } from '@strongroom/hsm'
import type { Bridge } from '@strongroom/hsm/moving'
import type { SealedColumn } from '@strongroom/jobs'
import { sealedRecoveryKey, recoveryKeyBinding, storeRecoveryKey } from '@strongroom/service/operator'
import type { Database } from '@strongroom/storage'
import { Refused } from '../outcome.ts'

const PAGE = 200

interface Load {
  readonly app: string
  readonly database: Database
  readonly columns: readonly SealedColumn[]
  readonly bridge: Bridge
  /** For rows whose stamps cover their envelopes: it has the MAC keys, which are the same on both sides. */
  readonly hsm: Keystore
  readonly onColumn: (name: string, rows: number) => void
}

/** Every declared value, and the recovery key; what has its recipients already is left as it is. Throws `Refused` naming what does not open. */
export async function carryAll({ app, database, columns, bridge, hsm, onColumn }: Load): Promise<number> {
  const broken: string[] = []
  let rows = 0
  for (const column of columns) {
    for (let after = column.first; ;) {
      const page = await column.page(database, { after, limit: column.pageSize ?? PAGE })
      for (const row of page) {
        const carried = await carryOne(bridge, row)
        if (carried === 'broken') broken.push(`${column.name} ${row.id}`)
        else if (carried !== undefined) await replaceOr(column, { database, hsm }, { row, carried })
      }
      rows += page.length
      onColumn(column.name, page.length)
      const last = page.at(-1)
      if (last === undefined) break
      after = last.id
    }
  }
  const envelope = await sealedRecoveryKey(database)
  const carried = envelope && (await carryOne(bridge, { envelope, binding: recoveryKeyBinding(app) }))
  if (carried === 'broken') broken.push('keystore.recovery_key')
  else if (carried !== undefined) await storeRecoveryKey(database, carried)
  if (broken.length === 0) return rows
  throw new Refused(
    `these values do not open, and cannot be carried: ${broken.join(', ')}. Mend or delete them, and run this again`,
  )
}

type Carried = Uint8Array | 'broken' | undefined

async function carryOne(
  bridge: Bridge,
  { envelope, binding }: { envelope: Uint8Array; binding: Binding },
): Promise<Carried> {
  try {
    return await bridge.carry(envelope, binding)
  } catch (error) {
    if (error instanceof Unopenable) return 'broken'
    throw error
  }
}

/** Nothing else should work with them. */
async function replaceOr(
  column: SealedColumn,
  deps: { readonly database: Database; readonly hsm: Keystore },
  { row, carried }: { row: Awaited<ReturnType<SealedColumn['page']>>[number]; carried: Uint8Array },
): Promise<void> {
  if (await column.replace(deps, row, carried)) return
  throw new Refused(`${column.name} ${row.id} was changed meanwhile: stop every process of the app, and run this again`)
}
