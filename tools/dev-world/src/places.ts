import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { checkout, stateDirectory } from '@strongroom/postgres'
import { writePrivately } from './private-file.ts'

/** Where a world keeps what must survive it. Nothing here is ever deleted but logs, locks and `world.json`. */
export interface Places {
  /** 0700: tokens, credentials, logs. */
  readonly home: string
  /** The cluster's: elsewhere when we are root, because PostgreSQL is not. */
  readonly cluster: string
}

const apart = process.env['STRONGROOM_STATE']
// Empty is unset: secrets never lie in the checkout under a name that git does not ignore.
const usualHome = apart ? resolve(apart, 'world') : join(checkout, '.strongroom')

/** In the checkout; with `STRONGROOM_STATE`, a world of its own there. */
export const usualPlaces: Places = {
  home: usualHome,
  get cluster() {
    return join(stateDirectory(), `postgres-${worldId(usualHome)}`)
  },
}

/**
 * Ties a cluster that may lie elsewhere to the tokens in `home`: neither opens anything without the other, and a checkout
 * that was made anew at the same path is another world.
 */
function worldId(of: string): string {
  const path = join(makePrivateDirectory(of), 'world-id')
  if (!existsSync(path)) writePrivately(path, randomBytes(6).toString('hex'))
  return readFileSync(path, 'utf8')
}

export const worldFileOf = ({ home }: Places): string => join(home, 'world.json')
export const lockFileOf = ({ home }: Places): string => join(home, 'supervisor.json')
export const logOf = ({ home }: Places, name: string): string => join(home, 'logs', `${name}.log`)
export const credentialsOf = ({ home }: Places, app: string): string => join(home, 'credentials', app)
export const issuerOf = ({ home }: Places): string => join(home, 'issuer')
export const facesOf = ({ home }: Places): string => join(home, 'faces')
export const chainsOf = ({ home }: Places): string => join(home, 'chains')
export const objectsOf = ({ home }: Places): string => join(home, 'objects')
export const pushIdentityOf = ({ home }: Places): string => join(home, 'push', 'identity.json')
/** Secrets by which a node asks the hooks of an app. */
export const hooksOf = ({ home }: Places, app: string): string => join(home, 'hooks', app)
/** The key of a device, by a name of the user's. */
export const deviceOf = ({ home }: Places, name: string): string => join(home, 'devices', `${name}.pem`)
/** The seed of a key that signs requests, by a name of the user's. */
export const signingKeyOf = ({ home }: Places, name: string): string => join(home, 'keys', `${name}.seed`)
/** The key of a wallet that `npm run wallet` opened, by its e-mail address. */
export const walletKeyOf = ({ home }: Places, email: string): string => join(home, 'wallets', `${email}.json`)
/** The seed of the wallet that is ours where nobody names another. */
export const ownWalletOf = ({ home }: Places): string => join(home, 'wallet', 'own.seed')
export const tokenOf = ({ home }: Places, app: string): string => join(home, 'tokens', app)

export function makePrivateDirectory(path: string): string {
  // Only the last folder is private: PostgreSQL, under another account, may live beside it.
  mkdirSync(dirname(path), { recursive: true })
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
  return path
}
