import type { LoginProvider } from '@strongroom/secret-shares'
import type { Auth } from 'firebase-admin/auth'

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

/** Accounts at Firebase, through `firebase-admin`, which is loaded when somebody first needs it: it is large. */
export function firebaseAccounts(access: FirebaseAccess): LoginProvider {
  let opened: Promise<Auth> | undefined
  const auth = () => (opened ??= openAuth(access))
  return {
    async linkEmail({ subject, email }) {
      try {
        await ask(async () => (await auth()).updateUser(subject, { email, emailVerified: true }))
        return 'linked'
      } catch (error) {
        const code = codeOf(error)
        if (code === 'auth/email-already-exists') return 'taken'
        if (code === 'auth/user-not-found') return 'unknown'
        throw unavailable(error)
      }
    },
    tokenFor: (subject) => asked(async () => (await auth()).createCustomToken(subject)),
    async tokenForEmail(email) {
      const { uid } = await asked(async () => findOrMake(await auth(), email))
      return asked(async () => (await auth()).createCustomToken(uid))
    },
  }
}

async function openAuth({ projectId, serviceAccount }: FirebaseAccess): Promise<Auth> {
  const [{ initializeApp, cert }, { getAuth }] = await Promise.all([
    import('firebase-admin/app'),
    import('firebase-admin/auth'),
  ])
  const credential = serviceAccount === undefined ? {} : { credential: cert(JSON.parse(serviceAccount) as object) }
  return getAuth(initializeApp({ projectId, ...credential }, 'sss-lca'))
}

async function findOrMake(auth: Auth, email: string) {
  try {
    return await auth.getUserByEmail(email)
  } catch (error) {
    if (codeOf(error) !== 'auth/user-not-found') throw error
    return auth.createUser({ email, emailVerified: true })
  }
}

const asked = <T>(work: () => Promise<T>): Promise<T> =>
  ask(work).catch((error: unknown) => {
    throw unavailable(error)
  })

/** Its client waits longer than anybody who waits for us. */
async function ask<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FirebaseUnavailable('timed out')), DEADLINE_MS)
  })
  return Promise.race([work(), late]).finally(() => clearTimeout(timer))
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const unavailable = (error: unknown): FirebaseUnavailable =>
  error instanceof FirebaseUnavailable ? error : new FirebaseUnavailable(codeOf(error) || 'failed')
