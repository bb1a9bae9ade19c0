import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

/** Registered at once, two devices would both find the last place: they queue up here, by account. */
export const queueRegistrations = (tx: Statements, accountId: string): Promise<number> =>
  tx.run(sql`select pg_advisory_xact_lock(hashtextextended(${`qr_login/devices/${accountId}`}, 0))`)

const saved = z.object({ isNew: z.boolean() })

/** True where the account did not have the device yet. */
export async function saveDevice(
  tx: Statements,
  { accountId, lookup, address }: { accountId: string; lookup: Uint8Array; address: Uint8Array },
): Promise<boolean> {
  const { isNew } = await tx.one(
    saved,
    sql`
    insert into qr_login.devices (lookup, account_id, address) values (${lookup}, ${accountId}, ${address})
        on conflict (lookup) do update set address = excluded.address, registered_at = strongroom.now()
    returning xmax = 0 as "isNew"`,
  )
  return isNew
}

const lookupRow = z.object({ lookup: column.bytes })

/** Removes all but the newest; answers with those removed. */
export const dropOldest = (tx: Statements, accountId: string, kept: number): Promise<{ lookup: Uint8Array }[]> =>
  tx.many(
    lookupRow,
    sql`
    delete from qr_login.devices where lookup in (
      select lookup from qr_login.devices where account_id = ${accountId}
       order by registered_at desc, lookup offset ${kept})
    returning lookup`,
  )

/** True where the account had the device. */
export const dropDevice = async (tx: Statements, accountId: string, lookup: Uint8Array): Promise<boolean> =>
  (await tx.run(sql`delete from qr_login.devices where account_id = ${accountId} and lookup = ${lookup}`)) === 1

const deviceRow = z.object({ lookup: column.bytes, address: column.bytes })
export type DeviceRow = z.output<typeof deviceRow>

export const listDevices = (statements: Statements, accountId: string): Promise<DeviceRow[]> =>
  statements.many(
    deviceRow,
    sql`select lookup, address from qr_login.devices where account_id = ${accountId} order by registered_at desc`,
  )

/** With an account go its devices, in the transaction that erases it: for the app to hand to whoever keeps accounts. */
export const forgetDevices = (tx: Statements, accountId: string): Promise<number> =>
  tx.run(sql`delete from qr_login.devices where account_id = ${accountId}`)
