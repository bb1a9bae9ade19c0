import type { Session } from '../pkcs11/session.ts'

/** Where strategies are tried: on sessions that nothing else uses, since a refused call may leave one busy. */
export class Bench {
  readonly #openSession: () => Session
  /** Holds the throw-away keys; one that was refused something is not asked again. */
  readonly session: Session

  constructor(openSession: () => Session) {
    this.#openSession = openSession
    this.session = openSession()
  }

  /** Runs `attempt` in a session of its own, which sees the keys of this one. */
  apart<T>(attempt: (session: Session) => T): T {
    const session = this.#openSession()
    try {
      return attempt(session)
    } finally {
      session.close()
    }
  }

  close(): void {
    this.session.close()
  }
}
