import { Unsupported } from '../errors.ts'
import type { KeyJob, KeyNeed, KeyRecord } from '../keystore.ts'
import type { KeystoreOptions } from '../keystore-options.ts'
import type { Session } from '../pkcs11/session.ts'
import { provisionKeys } from '../provision-keys.ts'
import { destroyLabelled } from './token-objects.ts'
import type { Need } from './token-promise.ts'

export const needsOfJob: Readonly<Record<KeyJob, readonly KeyNeed[]>> = {
  seal: [{ job: 'seal', use: '' }],
  wrap: [{ job: 'wrap', use: '' }],
  'wrap-pair': [{ job: 'wrap-pair', use: '' }],
  mac: ['lock', 'code'].map((use) => ({ job: 'mac', use })),
  sign: [{ job: 'sign', use: 'audit' }],
  'sign-ed25519': [{ job: 'sign-ed25519', use: 'ledger' }],
  recover: [{ job: 'recover', use: '' }],
}

const workingJobs = ['seal', 'wrap', 'wrap-pair', 'mac', 'sign', 'sign-ed25519'] as const

/** Makes keys job by job, so that one that the token cannot do costs no other; and knows what to clear away. */
export class KeyMaker {
  readonly #connection: Omit<KeystoreOptions, 'keys'>
  readonly #made: KeyRecord[] = []
  /** What the token said that it cannot do, in its own words. */
  readonly missing = new Map<Need, string>()

  constructor(connection: Omit<KeystoreOptions, 'keys'>) {
    this.#connection = connection
  }

  /** Throws what `provisionKeys` throws. */
  async make(job: KeyJob, app: string): Promise<readonly KeyRecord[]> {
    const keys = await provisionKeys({ ...this.#connection, app, needs: needsOfJob[job], existing: [] })
    this.#made.push(...keys)
    return keys
  }

  /** Of every job but recovery. */
  async makeAll(app: string): Promise<readonly KeyRecord[]> {
    const keys: KeyRecord[] = []
    for (const job of workingJobs) {
      try {
        keys.push(...(await this.make(job, app)))
      } catch (error) {
        if (!(error instanceof Unsupported)) throw error
        this.missing.set(job, error.message)
      }
    }
    return keys
  }

  get hasMade(): boolean {
    return this.#made.length > 0
  }

  destroyAll(session: Session): void {
    for (const key of this.#made.splice(0)) destroyLabelled(session, key)
  }
}
