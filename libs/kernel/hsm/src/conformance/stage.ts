import { randomBytes } from 'node:crypto'
import { toHex } from '@strongroom/crypto'
import { connect, type TokenConnection } from '../connect.ts'
import { Unsupported } from '../errors.ts'
import type { Keystore, KeyRecord } from '../keystore.ts'
import type { KeystoreOptions } from '../keystore-options.ts'
import { logIn } from '../log-in.ts'
import { openKeystore, openRecoveryKeystore } from '../open-keystore.ts'
import { acquireModule, type LoadedModule } from '../pkcs11/module-registry.ts'
import { Session } from '../pkcs11/session.ts'
import { findToken } from '../pkcs11/token.ts'
import type { Capabilities } from '../strategies/capabilities.ts'
import type { RecoverStrategy } from '../strategies/strategy.ts'
import { KeyMaker } from './key-maker.ts'
import { KeystoreShelf } from './keystore-shelf.ts'
import type { Need } from './token-promise.ts'
import { findTraits, type Traits } from './traits.ts'
import type { RecoveryKeys } from './trial.ts'

/** A token to judge, and where the keystore on it works. */
export type StageToken = Omit<TokenConnection, 'deployment' | 'app'> & Pick<KeystoreOptions, 'executor' | 'sessions'>

/** A token with the keys that promises are tried on. Its module stays initialised, and this process logged in. */
export interface Stage {
  readonly connection: Omit<KeystoreOptions, 'keys'>
  readonly capabilities: Capabilities
  readonly traits: Traits
  readonly keys: readonly KeyRecord[]
  /** Open until the stage is closed; healthy when it is answered. */
  readonly shared: () => Promise<Keystore>
  /** With other keys under the same names: what another token would hold. */
  readonly stranger: () => Promise<Keystore>
  /** What the token said that it cannot do, in its own words. */
  readonly missing: ReadonlyMap<Need, string>
  readonly recovery: (which: 'here' | 'there') => Promise<RecoveryKeys>
  /** Read-write, logged in. */
  readonly openSession: () => Session
  /** Destroys the keys that were made here, and leaves the module. */
  readonly close: () => Promise<void>
}

/** Between two looks at the token: those who count its calls are not to count these. */
const QUIET_MS = 60_000

const wrapStrategies = ['A256KW-RFC3394', 'A256KWP-RFC5649'] as const

/** One login, with the care of every other: errors as of `provisionKeys`, but `Unsupported`, which is what is looked for. */
export async function openStage(token: StageToken): Promise<Stage> {
  const app = `conformance-${toHex(randomBytes(4))}`
  const apps = { here: app, there: `${app}-stranger` }
  const connection = { ...token, deployment: 'conformance', app }
  const link = await connect(connection, [])
  const module = acquireModule(typeof token.module === 'string' ? { path: token.module } : token.module)
  const openSession = () => openLoggedIn(module, token)
  const maker = new KeyMaker(connection)
  const shelf = new KeystoreShelf()
  const recoveries = new Map<string, Promise<RecoveryKeys>>()
  const close = async () => {
    await shelf.close()
    if (maker.hasMade) maker.destroyAll(openSession())
    link.close()
    module.release()
  }
  try {
    const capabilities = rememberPairs(link.access.capabilities)
    noteMissing(maker.missing, 'hsm-gcm', () => capabilities.seal('hsm-gcm'))
    for (const name of wrapStrategies) noteMissing(maker.missing, name, () => capabilities.wrap(name))
    noteMissing(maker.missing, 'recover', () => capabilities.recover())
    const [keys, others] = [await maker.makeAll(apps.here), await maker.makeAll(apps.there)]
    const quiet = { ...connection, probeIntervalMs: QUIET_MS }
    return {
      connection,
      capabilities,
      traits: findTraits(openSession, link.description),
      keys,
      shared: () => shelf.take('shared', () => openKeystore({ ...quiet, keys })),
      stranger: () => shelf.take('stranger', () => openKeystore({ ...quiet, keys: others })),
      missing: maker.missing,
      openSession,
      close,
      recovery(which) {
        const known = recoveries.get(which) ?? makeRecovery(apps[which])
        recoveries.set(which, known)
        return known
      },
    }
  } catch (error) {
    await close()
    throw error
  }

  async function makeRecovery(of: string): Promise<RecoveryKeys> {
    const keys = await maker.make('recover', of)
    const open: RecoveryKeys['open'] = (changes) =>
      openRecoveryKeystore({ ...connection, probeIntervalMs: QUIET_MS, keys, ...changes })
    const shared = () => shelf.take(of, () => open())
    return { keys, publicKey: await (await shared()).publicKey(), open, shared }
  }
}

/** What costs the making of a pair is proved once. */
function rememberPairs(capabilities: Capabilities): Capabilities {
  let recover: RecoverStrategy | undefined
  return {
    ...capabilities,
    recover: (name) => (name === undefined ? (recover ??= capabilities.recover()) : capabilities.recover(name)),
  }
}

function openLoggedIn(module: LoadedModule, { tokenLabel, pin }: StageToken): Session {
  const session = new Session(module.pkcs11, findToken(module.pkcs11, tokenLabel).slot, 'read-write')
  logIn(session, { label: tokenLabel, pin })
  return session
}

function noteMissing(missing: Map<Need, string>, need: Need, find: () => unknown): void {
  try {
    find()
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error
    missing.set(need, error.message)
  }
}
