import type { Credentials } from './api/answers.ts'
import { AccountsError } from './api/error.ts'
import type { Transport } from './api/transport.ts'

/** Where a wallet keeps its tokens; they let whoever has them in. */
export interface CredentialStore {
  read(): Promise<Credentials | undefined>
  write(credentials: Credentials | undefined): Promise<void>
}

export interface Session {
  begin(credentials: Credentials): Promise<void>
  /** Calls with the access token; where that is no longer good, once more with a new one. @throws AccountsError */
  call<T>(ask: (accessToken: string) => Promise<T>): Promise<T>
  end(): Promise<void>
}

/** In memory alone: closed with the page. */
export function newCredentialStore(): CredentialStore {
  let kept: Credentials | undefined
  return {
    read: () => Promise.resolve(kept),
    write(credentials) {
      kept = credentials
      return Promise.resolve()
    },
  }
}

/**
 * A refresh token is good once, and one that comes twice ends every session of its family: callers that find the access
 * token expired at once share one refresh.
 */
export function openSession(store: CredentialStore, refresh: (refreshToken: string) => Promise<Credentials>): Session {
  let refreshing: Promise<Credentials> | undefined
  const renew = (refreshToken: string): Promise<Credentials> => {
    refreshing ??= refresh(refreshToken)
      .then(async (credentials) => {
        await store.write(credentials)
        return credentials
      })
      .catch(async (error: unknown) => {
        if (error instanceof AccountsError && error.status === 401) await store.write(undefined)
        throw error
      })
      .finally(() => {
        refreshing = undefined
      })
    return refreshing
  }
  return {
    begin: (credentials) => store.write(credentials),
    end: () => store.write(undefined),
    async call(ask) {
      const credentials = await (refreshing ?? store.read())
      if (!credentials) throw new AccountsError('nobody is signed in', { status: 401, code: 'InvalidToken' })
      try {
        return await ask(credentials.accessToken)
      } catch (error) {
        if (!(error instanceof AccountsError) || error.status !== 401 || error.code !== 'InvalidToken') throw error
      }
      // Somebody else may have renewed them while this call was under way.
      const latest = await (refreshing ?? store.read())
      const isRenewed = latest !== undefined && latest.accessToken !== credentials.accessToken
      return ask((isRenewed ? latest : await renew(credentials.refreshToken)).accessToken)
    },
  }
}

/** The same transport with the session’s token on every call. */
export const signedIn = (session: Session, { send }: Transport): Transport => ({
  send: (call) => session.call((token) => send({ ...call, token })),
})
