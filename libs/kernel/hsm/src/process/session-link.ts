import type { PKCS11 } from 'pkcs11js'
import type { Tenant } from '../envelope/associated-data.ts'
import type { Link } from '../judged.ts'
import { keySetOf } from '../keys/key-set.ts'
import type { Companion, TokenKey } from '../keys/token-key.ts'
import type { OperationContext } from '../operations/operation.ts'
import { loadInitialised, type ModuleSource } from '../pkcs11/module-registry.ts'
import { Session } from '../pkcs11/session.ts'
import { viewAsBuffer } from '../pkcs11/template.ts'
import { profileNamed } from '../profiles/index.ts'
import { workingKind } from '../profiles/sessions.ts'
import type { ProfileName, VendorProfile } from '../profiles/vendor-profile.ts'
import { capabilitiesOf, type ProvedStrategies } from '../strategies/capabilities.ts'

/** What one login gives to every thread of the process: handles are numbers that all its sessions know. */
export interface SharedToken {
  readonly source: ModuleSource
  readonly slot: Uint8Array
  readonly keys: readonly TokenKey[]
  readonly strategies: ProvedStrategies
  readonly tenant: Tenant
  readonly profile: ProfileName
}

/** One session, used by one thread. It never logs in and never initialises: only a new process does. */
export class SessionLink implements Link {
  readonly #pkcs11: PKCS11
  readonly #slot: Buffer
  readonly #shared: Omit<OperationContext, 'session'>
  readonly profile: VendorProfile
  #session: Session

  /** Throws `DeviceError`. */
  constructor({ source, slot, keys, strategies, tenant, profile }: SharedToken) {
    this.profile = profileNamed(profile)
    this.#pkcs11 = loadInitialised(source)
    this.#slot = viewAsBuffer(slot)
    this.#session = this.#open()
    const capabilities = capabilitiesOf(strategies, () => this.#open(), this.profile)
    const openWriting = () => new Session(this.#pkcs11, this.#slot, 'read-write')
    this.#shared = { keys: keySetOf(keys.map(withHandles)), capabilities, tenant, openWriting }
  }

  get context(): OperationContext {
    return { ...this.#shared, session: this.#session }
  }

  renewSession(): void {
    this.#session.close()
    this.#session = this.#open()
  }

  close(): void {
    this.#session.close()
  }

  #open(): Session {
    return new Session(this.#pkcs11, this.#slot, workingKind(this.profile))
  }
}

/** What came from another thread is no `Buffer` any more. */
const withHandles = ({ companion, publicKey, ...key }: TokenKey): TokenKey => ({
  ...key,
  ...asBuffers(key),
  ...(companion && { companion: asBuffers(companion) }),
  ...(publicKey && { publicKey: viewAsBuffer(publicKey) }),
})

const asBuffers = ({ own, working }: Companion): Companion => ({
  own: viewAsBuffer(own),
  working: viewAsBuffer(working),
})
