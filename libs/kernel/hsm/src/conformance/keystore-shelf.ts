import type { TokenHealth } from '../keystore.ts'
import { untilHealed } from './until-healed.ts'

/** Keystores that are opened once and used by many: opening one costs a login, or a process. */
export class KeystoreShelf {
  readonly #open = new Map<string, Promise<TokenHealth>>()

  /** Healthy, although whoever had it before may have made the token fail. */
  async take<K extends TokenHealth>(name: string, open: () => Promise<K>): Promise<K> {
    const opened = (this.#open.get(name) ?? open()) as Promise<K>
    this.#open.set(name, opened)
    const keystore = await opened
    await untilHealed(keystore)
    return keystore
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values())
    for (const one of opened) if (one.status === 'fulfilled') await one.value.close()
  }
}
