import { HsmRefusal, HsmUnavailable } from '../errors.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { LoadedModule } from '../pkcs11/module-registry.ts'
import type { TokenLink } from '../token-link.ts'
import { type CryptoSession, cryptoSessions } from './crypto-sessions.ts'
import { SessionPool } from './session-pool.ts'

/** The sessions of one login. Keys live in the maker's, which nothing else is done in: they die with it. */
export interface Epoch {
  readonly generation: number
  readonly maker: SessionPool<CryptoSession>
  readonly workers: SessionPool<CryptoSession>
}

interface Options {
  readonly link: TokenLink
  readonly module: LoadedModule
  readonly sessions: number
  /** Told of a PIN that worked once and is refused now. */
  readonly onRefusedPin: (error: HsmRefusal) => Promise<void>
}

/** Follows when somebody else in the process initialises the module anew: all sessions and keys are gone then. */
export class TokenEpochs {
  readonly #options: Options
  #epoch: Epoch | undefined
  #end: string | undefined

  constructor(options: Options) {
    this.#options = options
  }

  get generation(): number {
    return this.#options.module.generation
  }

  /** Throws `HsmUnavailable`. */
  current(): Epoch {
    if (this.#end !== undefined) throw new HsmUnavailable(this.#end)
    if (this.#epoch === undefined || !this.#options.link.isCurrent) this.#epoch = this.#begin()
    return this.#epoch
  }

  close(reason = 'closed'): void {
    this.#end = reason
    this.#leave()
  }

  #begin(): Epoch {
    const { link, module, sessions } = this.#options
    this.#leave()
    try {
      if (!link.isCurrent) link.logInAnew()
    } catch (error) {
      if (error instanceof HsmRefusal && error.reason === 'pin-refused') this.#giveUp(error)
      throw error instanceof DeviceError || error instanceof HsmRefusal ? new HsmUnavailable(error.message) : error
    }
    const open = cryptoSessions(module, () => link.slot)
    const pool = (size: number) => new SessionPool<CryptoSession>({ size, open })
    return { generation: module.generation, maker: pool(1), workers: pool(sessions) }
  }

  #giveUp(error: HsmRefusal): void {
    void this.#options.onRefusedPin(error)
    this.close(error.message)
  }

  #leave(): void {
    // After another initialisation their numbers may be those of sessions that others opened since.
    if (this.#epoch?.generation === this.generation) {
      this.#epoch.workers.close()
      this.#epoch.maker.close()
    }
    this.#epoch = undefined
  }
}
