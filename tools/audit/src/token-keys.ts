import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { auditKeyNeed } from '@strongroom/audit'
import { Secret } from '@strongroom/crypto'
import type { TokenAccess } from '@strongroom/dev-world'
import { filePinLatch, type KeyRecord, openKeystore } from '@strongroom/hsm'
import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

const recorded = z.object({
  version: column.count,
  label: z.string(),
  strategy: z.string(),
  checkValue: column.bytes,
})

export interface TokenPlace {
  readonly module: string
  readonly token: TokenAccess
  readonly app: string
  readonly deployment: string
}

/**
 * The public keys of every version of an app's signing key, as the token holds them. The database says only which
 * versions there are; a record that points to a key with another label, or whose check value is not the token's, is refused.
 */
export async function readTokenKeys(statements: Statements, place: TokenPlace): Promise<Uint8Array[]> {
  const records = await statements.many(
    recorded,
    sql`
    select version, label, strategy, check_value as "checkValue" from keystore.keys
     where job = ${auditKeyNeed.job} and use = ${auditKeyNeed.use} order by version`,
  )
  if (records.length === 0) throw new Error(`${place.app} has no signing key for its audit log yet: provision it`)
  const keys: Uint8Array[] = []
  for (const record of records) keys.push(await readTokenKey(place, { ...auditKeyNeed, ...record }))
  return keys
}

async function readTokenKey({ module, token, app, deployment }: TokenPlace, key: KeyRecord): Promise<Uint8Array> {
  const label = `strongroom/${app}/sign/audit/v${String(key.version)}`
  if (key.label !== label) throw new Error(`the database names another key than ${label}: somebody changed it`)
  const keystore = await openKeystore({
    module: { path: module, environment: { SOFTHSM2_CONF: token.softhsmConf } },
    tokenLabel: token.label,
    pin: new Secret((await readFile(token.pinFile, 'utf8')).trim()),
    deployment,
    app,
    allowSoftware: 'any',
    pinLatch: filePinLatch(join(dirname(token.pinFile), 'refused-pin')),
    keys: [key],
  })
  try {
    return await keystore.publicKey(auditKeyNeed.use)
  } finally {
    await keystore.close()
  }
}
