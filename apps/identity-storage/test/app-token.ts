import { type KeyRecord, type Keystore, openKeystore } from '@strongroom/hsm'
import type { TestApp } from '@strongroom/test-world'

/** Lends the app's own token, with the keys that it makes MACs by: for what is done beside the app, by who may. */
export async function withToken<Result>(app: TestApp, work: (hsm: Keystore) => Promise<Result>): Promise<Result> {
  const rows =
    await app.sql(`select job, use, version::int as version, label, strategy, encode(check_value, 'hex') as checked
    from keystore.keys where job = 'mac'`)
  const keys = rows.map(({ checked, ...row }) => ({ ...row, checkValue: Buffer.from(String(checked), 'hex') }))
  const hsm = await openKeystore({
    ...app.token,
    deployment: 'strongroom',
    app: 'identity-storage',
    allowSoftware: 'any',
    keys: keys as unknown as KeyRecord[],
  })
  try {
    return await work(hsm)
  } finally {
    await hsm.close()
  }
}
