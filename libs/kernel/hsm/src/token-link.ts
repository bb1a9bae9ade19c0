import type { Tenant } from './envelope/associated-data.ts'
import { matches } from './keys/check-value.ts'
import { type KeySet, loadKeys } from './keys/key-set.ts'
import { proveMechanismLists } from './keys/mechanism-lists.ts'
import type { TokenAccess, TokenKey } from './keys/token-key.ts'
import type { KeyRecord, TokenDescription } from './keystore.ts'
import { logIn, type Login, refuseLastTry } from './log-in.ts'
import type { OperationContext } from './operations/operation.ts'
import { DeviceError } from './pkcs11/device-error.ts'
import type { LoadedModule } from './pkcs11/module-registry.ts'
import { type Handle, Session } from './pkcs11/session.ts'
import { findToken } from './pkcs11/token.ts'
import { type Capabilities, proveCapabilities } from './strategies/capabilities.ts'

export interface LinkOptions {
  readonly module: LoadedModule
  readonly tokenLabel: string
  readonly login: Login
  readonly tenant: Tenant
  readonly keys: readonly KeyRecord[]
}

/** What one login gives: all of it is void after the next. */
interface Epoch {
  readonly generation: number
  readonly slot: Handle
  /** Holds the login and the session copies of the keys; closing the last session would lose both. Not used for operations. */
  readonly anchor: Session
  readonly keys: KeySet
  worker: Session
}

/**
 * The working connection to one token: one login, an anchor session, a worker session, the keys. Synchronous. Its steps
 * are the rungs of the recovery ladder; it never decides which one to take.
 */
export class TokenLink {
  readonly #options: LinkOptions
  #epoch: Epoch | undefined
  #capabilities: Capabilities | undefined
  #mechanismLists: TokenAccess['mechanismLists'] | undefined
  #description: TokenDescription

  constructor(options: LinkOptions, description: TokenDescription) {
    this.#options = options
    this.#description = description
  }

  get description(): TokenDescription {
    return this.#description
  }

  get keys(): KeySet {
    return this.#current().keys
  }

  /** False once another keystore of this process has initialised the module anew. */
  get isCurrent(): boolean {
    return this.#epoch?.generation === this.#options.module.generation
  }

  get context(): OperationContext {
    const { worker, keys } = this.#current()
    return { session: worker, keys, capabilities: this.#proved(), tenant: this.#options.tenant }
  }

  /** First rung: after any error the session may still be busy with the failed operation. */
  renewWorker(): void {
    const epoch = this.#current()
    if (!this.isCurrent) throw new DeviceError('sessions of an earlier initialisation', 0, 'C_CloseSession')
    epoch.worker.close()
    epoch.worker = new Session(this.#options.module.pkcs11, epoch.slot, 'read-only')
  }

  /** Second rung: finds the token, logs in and finds every key anew. Throws `HsmRefusal`, `Unsupported` or `DeviceError`. */
  logInAnew(): void {
    const { module, tokenLabel, login, keys } = this.#options
    this.#leave()
    const token = findToken(module.pkcs11, tokenLabel)
    refuseLastTry(token)
    const { generation } = module
    const anchor = new Session(module.pkcs11, token.slot, 'read-write')
    try {
      logIn(anchor, { label: tokenLabel, pin: login.pin })
      const openSession = () => new Session(module.pkcs11, token.slot, 'read-only')
      this.#prove(openSession)
      const access = this.#accessWith(anchor, token.description)
      const found = loadKeys(access, keys)
      this.#epoch = { generation, slot: token.slot, anchor, keys: found, worker: openSession() }
      this.#description = token.description
    } catch (error) {
      anchor.close()
      throw error
    }
  }

  /** Third rung. */
  initialiseAnew(): void {
    this.#options.module.reinitialise(this.#options.module.generation)
    this.logInAnew()
  }

  /** The probe, and the session copies that operations work with: they can die alone. Throws `DeviceError`. */
  runCanary(): void {
    this.probe()
    for (const key of this.#current().keys.all) {
      if (key.record.job !== 'sign' && key.working !== key.own) this.#check(key, key.working)
    }
  }

  /** The token's own objects alone: session copies go on working when the token is taken away. Throws `DeviceError`. */
  probe(): void {
    const { all } = this.#current().keys
    const key = all.find(({ record }) => record.job === 'seal') ?? all[0]
    if (key !== undefined) this.#check(key, key.own)
  }

  /** Every recorded key answers as recorded. Throws `DeviceError`. */
  proveKeys(): void {
    for (const key of this.#current().keys.all) this.#check(key, key.working)
  }

  /** What provisioning needs beside the operations: the anchor, which may write. */
  get access(): TokenAccess {
    return this.#accessWith(this.#current().anchor, this.#description)
  }

  close(): void {
    this.#leave()
    this.#options.module.release()
  }

  #leave(): void {
    // After another keystore initialised the module anew, these handles may be the numbers of its sessions.
    if (this.isCurrent) {
      this.#epoch?.worker.close()
      this.#epoch?.anchor.close()
    }
    this.#epoch = undefined
  }

  #prove(openSession: () => Session): void {
    this.#capabilities ??= proveCapabilities(openSession)
    if (this.#mechanismLists !== undefined) return
    const session = openSession()
    this.#mechanismLists = proveMechanismLists(session)
    session.close()
  }

  #accessWith(session: Session, { software }: TokenDescription): TokenAccess {
    return { session, software, capabilities: this.#proved(), mechanismLists: this.#mechanismLists ?? 'ignored' }
  }

  #check(key: TokenKey, handle: Handle): void {
    const checked = { ...key, handle, session: this.#current().worker, capabilities: this.#proved() }
    if (!matches(checked, key.record.checkValue)) throw new DeviceError('another key than the recorded one', 0, 'check')
  }

  #proved(): Capabilities {
    if (this.#capabilities === undefined) throw new DeviceError('not connected', 0, 'check')
    return this.#capabilities
  }

  #current(): Epoch {
    if (this.#epoch === undefined) throw new DeviceError('not connected', 0, 'check')
    return this.#epoch
  }
}
