import { randomUUID } from 'node:crypto'
import { recordEvent } from '@strongroom/audit'
import { type RandomSource, systemRandom } from '@strongroom/crypto'
import type { Database } from '@strongroom/storage'
import { appAdded, appSecretRotated } from './events.ts'
import { drawSecret } from './secret.ts'
import { insertApp, insertSecret, listApps as list } from './store.ts'

/** What is told once and kept nowhere. */
export interface AppWithSecret {
  readonly appId: string
  readonly secret: string
}

/** `undefined` where another app has this name. */
export async function addApp(
  database: Database,
  name: string,
  { newId = randomUUID, random = systemRandom }: { newId?: () => string; random?: RandomSource } = {},
): Promise<AppWithSecret | undefined> {
  const appId = newId()
  const secret = drawSecret(random)
  const added = await database.transaction(async (tx) => {
    if (!(await insertApp(tx, { id: appId, name }))) return false
    await insertSecret(tx, { ...secret, appId }, 0)
    await recordEvent(tx, appAdded, { subject: appId, detail: {} })
    return true
  })
  return added ? { appId, secret: secret.text } : undefined
}

/** `undefined` for an unknown app. */
export async function rotateAppSecret(
  database: Database,
  { appId, graceHours }: { appId: string; graceHours: number },
  random: RandomSource = systemRandom,
): Promise<AppWithSecret | undefined> {
  const secret = drawSecret(random)
  const rotated = await database.transaction(async (tx) => {
    if (!(await insertSecret(tx, { ...secret, appId }, graceHours))) return false
    await recordEvent(tx, appSecretRotated, { subject: appId, detail: { graceHours } })
    return true
  })
  return rotated ? { appId, secret: secret.text } : undefined
}

export const listApps = (database: Database) => list(database)
