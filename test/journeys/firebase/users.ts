import type { Emulator } from './emulator.ts'

export interface User {
  readonly localId: string
  readonly email?: string
  readonly emailVerified?: boolean
  readonly phoneNumber?: string
}

/** The emulator by Google's REST API: as its console asks it, and as a client that signs in does. */
export function usersOf({ host, projectId }: Emulator) {
  const api = `http://${host}/identitytoolkit.googleapis.com/v1`
  const asOwner = (action: string, body: object) =>
    post(`${api}/projects/${projectId}/accounts${action}`, body, { authorization: 'Bearer owner' })
  return {
    make: async (user: { email: string } | { phoneNumber: string }): Promise<string> =>
      String((await asOwner('', user))['localId']),
    find: async (localId: string): Promise<User | undefined> =>
      ((await asOwner(':lookup', { localId: [localId] }))['users'] as User[] | undefined)?.[0],
    /** The claims of the token that a custom token is traded for. */
    async signIn(token: string): Promise<Readonly<Record<string, unknown>>> {
      const answer = await post(`${api}/accounts:signInWithCustomToken?key=any`, { token, returnSecureToken: true })
      const [, payload = ''] = String(answer['idToken']).split('.')
      return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Readonly<Record<string, unknown>>
    },
  }
}

const post = async (url: string, body: object, headers: Readonly<Record<string, string>> = {}) => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`the emulator answers ${String(answer.status)}: ${await answer.text()}`)
  return (await answer.json()) as Readonly<Record<string, unknown>>
}
