import { Secret } from '@strongroom/crypto'
import { onTestFinished } from 'vitest'
import type { Binding, KeyNeed, KeyRecord, Keystore, RecoveryKeystore, RecoveryPublicKey } from '../src/index.ts'
import { type KeystoreOptions, openKeystore, openRecoveryKeystore, provisionKeys } from '../src/index.ts'
import { CKU } from '../src/pkcs11/cryptoki.ts'
import { acquireModule } from '../src/pkcs11/module-registry.ts'
import { Session } from '../src/pkcs11/session.ts'
import { findToken } from '../src/pkcs11/token.ts'
import { softToken, type SoftToken, type SoftTokenRequest } from '../src/testing/index.ts'
import type { TestedModule } from './modules.ts'

export { untilHealed } from '../src/conformance/until-healed.ts'

export const tenant = { deployment: 'test', app: 'vault' }

export const needs: readonly KeyNeed[] = [
  { job: 'seal', use: '' },
  { job: 'wrap', use: '' },
  { job: 'mac', use: 'lock' },
  { job: 'mac', use: 'code' },
  { job: 'sign', use: 'audit' },
]

export const binding: Binding = { table: 'keys', row: 'row-1', owner: 'ada', purpose: 'test' }

export const pin = (text: string): Secret => new Secret(text)

export interface World {
  readonly token: SoftToken
  readonly keys: readonly KeyRecord[]
  readonly keystore: Keystore
  /** Opens the same token once more, as another app or deployment if wished. */
  readonly open: (changes?: Partial<KeystoreOptions>) => Promise<Keystore>
}

/** A fresh token with every key. */
export async function provisionedToken(module: TestedModule): Promise<Pick<World, 'token' | 'keys'>> {
  const token = await freshToken(module)
  return { token, keys: await provisionKeys({ ...token, ...tenant, needs, existing: [] }) }
}

/** The same, and an open keystore; all of it is gone when the test is over. */
export async function openWorld(module: TestedModule, changes: Partial<KeystoreOptions> = {}): Promise<World> {
  const { token, keys } = await provisionedToken(module)
  const open = async (more: Partial<KeystoreOptions> = {}) => {
    const keystore = await openKeystore({ ...token, ...tenant, ...placeOf(module), keys, probeIntervalMs: 20, ...more })
    onTestFinished(() => keystore.close())
    return keystore
  }
  return { token, keys, open, keystore: await open(changes) }
}

export interface RecoveryWorld {
  readonly token: SoftToken
  readonly keys: readonly KeyRecord[]
  readonly publicKey: RecoveryPublicKey
  /** Open until the test is over. */
  readonly open: (changes?: Partial<KeystoreOptions>) => Promise<RecoveryKeystore>
}

/**
 * A second token with a recovery key, which takes a second to make: tests share one. They open it one by one, because
 * NSS shuts one random generator down for all its copies in the process as soon as one of them is finalised.
 */
export async function makeRecoveryWorld(module: TestedModule): Promise<RecoveryWorld> {
  const token = await softToken(tokenOf(module))
  const keys = await provisionKeys({ ...token, ...tenant, needs: [{ job: 'recover', use: '' }], existing: [] })
  const options = { ...token, ...tenant, ...placeOf(module), keys, probeIntervalMs: 60_000 }
  const open = async (changes: Partial<KeystoreOptions> = {}) => {
    const keystore = await openRecoveryKeystore({ ...options, ...changes })
    onTestFinished(() => keystore.close())
    return keystore
  }
  const first = await openRecoveryKeystore(options)
  const publicKey = await first.publicKey()
  await first.close()
  return { token, keys, publicKey, open }
}

export async function freshToken(module: TestedModule): Promise<SoftToken> {
  const token = await softToken(tokenOf(module))
  onTestFinished(() => token.remove())
  return token
}

/** Where the module is worked with; two sessions, so that calls overlap. */
export const placeOf = ({ executor }: TestedModule) => ({ executor, sessions: 2 })

const tokenOf = ({ path, executor }: TestedModule): SoftTokenRequest => ({
  module: path,
  ...(executor === 'process' && { through: 'fault-shim' }),
})

/** A read-write session of its own on the token, logged in: what an attacker with the PIN would have. */
export function rawSession(token: SoftToken): Session {
  const module = acquireModule(token.module)
  const session = new Session(module.pkcs11, findToken(module.pkcs11, token.tokenLabel).slot, 'read-write')
  onTestFinished(() => {
    session.close()
    module.release()
  })
  try {
    session.login(CKU.user, new TextDecoder().decode(token.pin.expose()))
  } catch {
    // The keystore under test has logged this process in already.
  }
  return session
}
