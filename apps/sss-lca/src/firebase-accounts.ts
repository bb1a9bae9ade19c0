import { randomUUID } from 'node:crypto'
import type { LoginProvider } from '@strongroom/secret-shares'
import type { Auth } from 'firebase-admin/auth'
import { z } from 'zod'

/** Firebase did not answer, or refused us: nothing is known to be done. Its own words may name a person. */
export class FirebaseUnavailable extends Error {
  override readonly name = 'FirebaseUnavailable'
  readonly retryAfterSeconds = 5
}

export interface FirebaseAccess {
  readonly projectId: string
  /** JSON of a service account; none where the emulator is asked. */
  readonly serviceAccount?: string
}

const DEADLINE_MS = 10_000

/**
 * Accounts at Firebase, through `firebase-admin`, which is loaded when somebody first needs it: it is large.
 * @throws TypeError for what is no service account; says nothing of it.
 */
export function firebaseAccounts(access: FirebaseAccess): LoginProvider {
  if (access.serviceAccount !== undefined) readServiceAccount(access.serviceAccount)
  let opened: Promise<Auth> | undefined
  const auth = () => (opened ??= openAuth(access))
  return {
    async linkEmail({ subject, email }) {
      try {
        await ask(auth(), (accounts) => accounts.updateUser(subject, { email, emailVerified: true }))
        return 'linked'
      } catch (error) {
        const code = codeOf(error)
        if (code === 'auth/email-already-exists') return 'taken'
        if (code === 'auth/user-not-found' || code === 'auth/invalid-email') return 'unknown'
        throw unavailable(error)
      }
    },
    tokenFor: (subject) => asked(auth(), (accounts) => accounts.createCustomToken(subject)),
    async tokenForEmail(email) {
      const { uid, emailVerified } = await asked(auth(), (accounts) => findOrMake(accounts, email))
      return emailVerified ? asked(auth(), (accounts) => accounts.createCustomToken(uid)) : undefined
    },
  }
}

const ServiceAccount = z.looseObject({ project_id: z.string(), client_email: z.string(), private_key: z.string() })

function readServiceAccount(text: string): object {
  try {
    return ServiceAccount.parse(JSON.parse(text))
  } catch {
    // Either parser quotes what it did not like.
    throw new TypeError('the service account of Firebase is no JSON key')
  }
}

async function openAuth({ projectId, serviceAccount }: FirebaseAccess): Promise<Auth> {
  const [{ initializeApp, cert }, { getAuth }] = await Promise.all([
    import('firebase-admin/app'),
    import('firebase-admin/auth'),
  ])
  const credential = serviceAccount === undefined ? {} : { credential: cert(readServiceAccount(serviceAccount)) }
  // Under a name that another part of this process has, the library refuses a second one with credentials.
  return getAuth(initializeApp({ projectId, ...credential }, randomUUID()))
}

async function findOrMake(auth: Auth, email: string) {
  try {
    return await auth.getUserByEmail(email)
  } catch (error) {
    if (codeOf(error) !== 'auth/user-not-found') throw error
    return auth.createUser({ email, emailVerified: true })
  }
}

type Work<T> = (accounts: Auth) => Promise<T>

const asked = <T>(opened: Promise<Auth>, work: Work<T>): Promise<T> =>
  ask(opened, work).catch((error: unknown) => {
    throw unavailable(error)
  })

/**
 * Its client waits longer than anybody who waits for us. The time begins when it is loaded: whoever is the first to need
 * it is told of no outage for how long that took.
 */
async function ask<T>(opened: Promise<Auth>, work: Work<T>): Promise<T> {
  const accounts = await opened
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FirebaseUnavailable('timed out')), DEADLINE_MS)
  })
  return Promise.race([work(accounts), late]).finally(() => clearTimeout(timer))
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const unavailable = (error: unknown): FirebaseUnavailable =>
  error instanceof FirebaseUnavailable ? error : new FirebaseUnavailable(codeOf(error) || 'failed')
