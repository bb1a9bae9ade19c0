import { connect } from '@strongroom/postgres'
import { clientOf } from '@strongroom/mpc-auth/testing'
import { type AccountsWorld, type DeviceKey, type Person, signedIn } from '@strongroom/mpc-auth/testing/accounts'
import { openDatabase, shiftClock } from '@strongroom/storage'
import type { TestApp } from '@strongroom/test-world'
import { expect, inject } from 'vitest'
import { passTime } from './key-server.ts'

/** Without a look by sweeps: for an app of which no process runs. */
export async function shiftDatabase({ database }: Pick<TestApp, 'database'>, interval: string): Promise<void> {
  const owner = openDatabase({ connectionString: database.adminUrl, connections: 1 })
  await shiftClock(owner, interval)
  await owner.close()
}

/** What has no body is asked by it. */
export const asks = (world: AccountsWorld, token?: string, process = 0) => {
  const ask = clientOf(world.app.baseUrls[process] ?? '')
  return (method: string, path: string, body?: unknown) =>
    ask({ method, path, token, ...(body !== undefined && { body }) })
}

export const tokenOf = async (person: Person, key: DeviceKey): Promise<string> => {
  const answer = await person.signIn(key)
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return signedIn(answer).credentials.accessToken
}

export const addressIn = ({ account }: { account: { addresses: readonly { address: string }[] } }): string =>
  account.addresses[0]?.address ?? ''

export const pass = (world: AccountsWorld, interval: string): Promise<void> => passTime(world.app, interval)

/** As the superuser, whom no foreign key and no trigger stops: rows can be moved one after another. */
export async function asSuperuser({ app }: Pick<AccountsWorld, 'app'>, query: string): Promise<void> {
  const url = new URL(inject('postgres'))
  url.pathname = `/${app.database.name}`
  const connection = await connect(url.href)
  try {
    await connection.query(`set session_replication_role = replica; ${query}`)
  } finally {
    await connection.end()
  }
}
