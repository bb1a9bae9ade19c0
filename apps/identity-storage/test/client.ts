import { fromUtf8, Secret } from '@strongroom/crypto'
import { type IdentityApi, newSeed, openIdentityApi, type Signer, signerOf } from '@strongroom/identity-client'
import { type AppWish, startApp, type TestApp } from '@strongroom/test-world'

export const NETWORK = 'Strongroom Test Network'

/** An app whose administrator we are. */
export interface World extends AsyncDisposable {
  readonly app: TestApp
  readonly api: IdentityApi
  /** Signs for the master account. */
  readonly admin: Signer
}

export async function startIdentityStorage(wish: Omit<AppWish, 'app'> = {}): Promise<World> {
  const admin = signerOf(newSeed())
  const settings = {
    RECOVERY_HSM_PIN_FILE: undefined,
    LEDGER_NETWORK_PASSPHRASE: NETWORK,
    LEDGER_MASTER_ACCOUNT: admin.keyId,
    LEDGER_ADMIN_KEYS: admin.keyId,
    CLIENT_ROUTER_URL: 'http://127.0.0.1:4210/r',
    CREATIONS_PER_ADDRESS: '100000',
    LOOKUPS_PER_ADDRESS: '100000',
    ATTEMPTS_PER_ADDRESS: '100000',
    ...wish.settings,
  }
  const app = await startApp({ ...wish, app: 'identity-storage', settings })
  const [baseUrl = ''] = app.baseUrls
  return {
    app,
    admin,
    api: openIdentityApi({ baseUrl }),
    [Symbol.asyncDispose]: () => app.stop(),
  }
}

export const textOf = (secret: Secret): string => fromUtf8(secret.expose())

/** An address that nobody else in this run has. */
export const newEmail = (): string => `ann-${crypto.randomUUID()}@example.com`
