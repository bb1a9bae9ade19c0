import { randomBytes, randomUUID } from 'node:crypto'
import { makePresentation } from '@strongroom/issuer'
import { type AppServer, startServer } from './app.ts'
import { ask, makeMany } from './ask.ts'
import type { Tokens } from './tokens.ts'

// Of the length that the published client stores: an encrypted share, its key and its nonce.
const authShare = () => ({
  encryptedData: randomBytes(96).toString('base64'),
  encryptedDek: randomBytes(48).toString('base64'),
  iv: randomBytes(12).toString('base64'),
})

/** One whose logins are the tokens that were made ahead. */
export const startSssLca = (superuserUrl: string, tokens: Tokens): Promise<AppServer> =>
  startServer({
    app: 'sss-lca',
    superuserUrl,
    settings: {
      FIREBASE_PROJECT_ID: tokens.audience,
      FIREBASE_ISSUER: tokens.issuer,
      FIREBASE_KEYS_URL: tokens.keysUrl,
      QR_CREATIONS_PER_ADDRESS: '1000000',
      QR_LOOKUPS_PER_ADDRESS: '1000000',
      QR_LOOKUPS_IN_ALL: '1000000',
    },
  })

/** A record that the server itself made, and the login that opens it. */
export interface Wallet {
  /** The login's subject: a UUID. */
  readonly subject: string
  readonly login: string
}

export const seedWallets = (port: number, tokens: Tokens, count: number): Promise<readonly Wallet[]> =>
  makeMany(count, async () => {
    const subject = randomUUID()
    const login = await tokens.issue('login', subject)
    await ask(port, {
      method: 'PUT',
      path: '/api/keys/auth-share',
      bearer: makePresentation({ seed: randomBytes(32) }),
      body: { authToken: login, providerType: 'firebase', authShare: authShare() },
    })
    return { subject, login }
  })
