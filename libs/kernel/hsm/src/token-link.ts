import type { Secret } from '@strongroom/crypto'
import type { Tenant } from './envelope/associated-data.ts'
import { type KeySet, loadKeys } from './keys/key-set.ts'
import { proveMechanismLists } from './keys/mechanism-lists.ts'
import type { TokenAccess } from './keys/token-key.ts'
import type { KeyRecord, TokenDescription } from './keystore.ts'
import { logIn, refuseLastTry } from './log-in.ts'
import type { OperationContext } from './operations/operation.ts'
import { DeviceError } from './pkcs11/device-error.ts'
import type { LoadedModule } from './pkcs11/module-registry.ts'
import { type Handle, Session } from './pkcs11/session.ts'
import { findToken } from './pkcs11/token.ts'
import { profileOf } from './profiles/index.ts'
import { workingKind } from './profiles/sessions.ts'
import type { ProfileName, VendorProfile } from './profiles/vendor-profile.ts'
import {
  type Capabilities,
  capabilitiesOf,
  proveCapabilities,
  type ProvedStrategies,
} from './strategies/capabilities.ts'

export interface LinkOptions {
  readonly module: LoadedModule
  readonly tokenLabel: string
  readonly pin: Secret
  readonly tenant: Tenant
  readonly keys: readonly KeyRecord[]
  /** Of an earlier link to the same token: spares the proofs. */
  readonly proved?: Proved
  /** Chosen by name; else by what the token says of itself. */
  readonly profile?: ProfileName
}

/** What a token proved of itself, as plain data. */
export interface Proved {
  readonly strategies: ProvedStrategies
  readonly mechanismLists: TokenAccess['mechanismLists']
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
  readonly profile: VendorProfile

  /** Throws `HsmRefusal` where there is no profile of that name. */
  constructor(options: LinkOptions, description: TokenDescription) {
    this.#options = options
    this.#description = description
    this.profile = profileOf(description, options.profile)
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
    const { worker, keys, slot } = this.#current()
    const { module, tenant } = this.#options
    const openWriting = () => new Session(module.pkcs11, slot, 'read-write')
    return { session: worker, keys, capabilities: this.#proved(), tenant, openWriting }
  }

  get proved(): Proved {
    return { strategies: this.#proved().proved, mechanismLists: this.#mechanismLists ?? 'ignored' }
  }

  get slot(): Handle {
    return this.#current().slot
  }

  /** First rung: after any error the session may still be busy with the failed operation. */
  renewSession(): void {
    const epoch = this.#current()
    if (!this.isCurrent) throw new DeviceError('sessions of an earlier initialisation', 0, 'C_CloseSession')
    epoch.worker.close()
    epoch.worker = new Session(this.#options.module.pkcs11, epoch.slot, workingKind(this.profile))
  }

  /** Second rung: finds the token, logs in and finds every key anew. Throws `HsmRefusal`, `Unsupported` or `DeviceError`. */
  logInAnew(): void {
    const { module, tokenLabel, pin, keys } = this.#options
    this.#leave()
    const token = findToken(module.pkcs11, tokenLabel)
    refuseLastTry(token)
    const { generation } = module
    const anchor = new Session(module.pkcs11, token.slot, 'read-write')
    try {
      logIn(anchor, { label: tokenLabel, pin })
      const openSession = () => new Session(module.pkcs11, token.slot, workingKind(this.profile))
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
    const { proved } = this.#options
    this.#capabilities ??=
      proved === undefined
        ? proveCapabilities(openSession, this.profile)
        : capabilitiesOf(proved.strategies, openSession, this.profile)
    this.#mechanismLists ??= proved?.mechanismLists
    if (this.#mechanismLists !== undefined) return
    const session = openSession()
    this.#mechanismLists = proveMechanismLists(session)
    session.close()
  }

  #accessWith(session: Session, { software }: TokenDescription): TokenAccess {
    return {
      session,
      software,
      capabilities: this.#proved(),
      mechanismLists: this.#mechanismLists ?? 'ignored',
      profile: this.profile,
    }
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
