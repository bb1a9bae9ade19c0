import { type AppProcess, type AppWish, startApp, type TestApp } from '@strongroom/test-world'
import {
  type IdentityKey,
  type IdentityOriginal,
  type IdentityPlace,
  newIdentityKey,
  type Profile,
} from '../src/index.ts'
import { baseUrlOf } from './key-server.ts'

export const NETWORK = 'Strongroom Attack Network'

/** Our app as the target, and a key of its administrator. */
export interface IdentityWorld extends AsyncDisposable {
  readonly app: TestApp
  readonly admin: IdentityKey
}

/** Limits that count callers are not under attack, unless a test says so. */
export const identitySettings = (admin: IdentityKey) => ({
  RECOVERY_HSM_PIN_FILE: undefined,
  LOG_LEVEL: 'debug',
  LEDGER_NETWORK_PASSPHRASE: NETWORK,
  LEDGER_MASTER_ACCOUNT: admin.id,
  LEDGER_ADMIN_KEYS: admin.id,
  CLIENT_ROUTER_URL: 'http://127.0.0.1:4210/r',
  CREATIONS_PER_ADDRESS: '1000000',
  LOOKUPS_PER_ADDRESS: '1000000',
  ATTEMPTS_PER_ADDRESS: '1000000',
})

export async function startIdentity({ settings, ...wish }: Omit<AppWish, 'app'> = {}): Promise<IdentityWorld> {
  const admin = newIdentityKey()
  const app = await startApp({
    app: 'identity-storage',
    settings: { ...identitySettings(admin), ...settings },
    ...wish,
  })
  return { app, admin, [Symbol.asyncDispose]: () => app.stop() }
}

/** One of its processes as an attack sees it. */
export const identityPlaceOf = (
  { app }: Pick<IdentityWorld, 'app'>,
  { baseUrl = baseUrlOf(app), profile = 'compat' }: Partial<Pick<AppProcess, 'baseUrl'>> & { profile?: Profile } = {},
): IdentityPlace => ({
  baseUrl,
  profile,
  textsTo: async (address) => (await app.messagesTo(address)).map(({ text }) => text),
  // One row at a time, each waited for: a row that another one forgets just now counts until that is committed.
  forgetSteps: () =>
    app.sql(`
      do $$ declare one record; begin
        for one in select id from identity.factors where last_step > 0 loop
          update identity.factors set last_step = 0 where id = one.id;
          commit;
        end loop;
      end $$`),
})

/** Its original. */
export const originalPlaceOf = (original: IdentityOriginal): IdentityPlace => ({
  baseUrl: baseUrlOf(original),
  textsTo: original.textsTo,
})
