/** What an app may need around it; `surroundings.ts` says which settings tell it where that is. */
export type Need =
  'mail' | 'sms' | 'push' | 'issuer' | 'firebase' | 'redis' | 'faces' | 'objects' | 'administrator' | 'chain'

export interface App {
  readonly name: string
  /** The usual port; another is taken when it is busy. */
  readonly port: number
  /** Started with Node; relative to the checkout. */
  readonly main: string
  /** Whether it encrypts copies of keys to a second token. */
  readonly recovery?: 'second-token'
  /** The usual port of its listener for hooks, where it has one. */
  readonly hooks?: number
  readonly needs?: readonly Need[]
  /** Its own settings that are not as it ships. */
  readonly settings?: Readonly<Record<string, string>>
}

const app = (name: string, port: number, more: Pick<App, 'recovery' | 'hooks' | 'needs' | 'settings'> = {}): App => ({
  ...more,
  name,
  port,
  main: `apps/${name}/src/main.ts`,
})

// Tools and tests on this machine all come from one address.
const manyFromHere = { CREATIONS_PER_ADDRESS: '100000', CREATIONS_IN_ALL: '100000' }
const manyWalletsFromHere = {
  CREATIONS_PER_ADDRESS: '100000',
  LOOKUPS_PER_ADDRESS: '100000',
  ATTEMPTS_PER_ADDRESS: '100000',
}

const bothApis = {
  MPC_AUTH_APIS: 'duo,accounts',
  ACCOUNTS_TEST_LOGIN: 'on',
  PASSKEY_RP_ID: 'localhost',
  PASSKEY_ORIGINS: 'http://localhost:4300',
  REQUESTS_PER_ACCOUNT: '100000',
  LOGINS_PER_ADDRESS: '100000',
}

/** What `npm start` runs. */
export const apps: readonly App[] = [
  app('key-server', 4100, { needs: ['mail', 'sms'], recovery: 'second-token', settings: manyFromHere }),
  app('identity-storage', 4200, { needs: ['mail', 'sms', 'administrator', 'objects'], settings: manyWalletsFromHere }),
  app('mpc-auth', 4300, {
    needs: ['issuer', 'faces', 'firebase', 'push', 'chain'],
    hooks: 4301,
    settings: bothApis,
  }),
  app('sss-lca', 4400, { needs: ['mail', 'sms', 'push', 'issuer', 'firebase', 'redis'] }),
]
