import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'

/** Somebody with a login and a device's key, who was never seen before. */
export interface Person {
  readonly login: { readonly method: 'test'; readonly token: string }
  readonly publicKey: string
  readonly key: KeyObject
}

export function newPerson(): Person {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([x, y].map((part) => Buffer.from(part, 'base64url'))).toString('hex')
  return { login: { method: 'test', token: randomUUID() }, publicKey: point, key: privateKey }
}

/** What a sign-up says of them. */
export const introduced = ({ login, publicKey }: Person) => ({ ...login, userKey: { type: 'device', publicKey } })

/** A challenge and its answer, as a device of the accounts API gives it. */
export async function signIn(port: number, { login, publicKey, key }: Person): Promise<void> {
  const challenge = { challengeType: 'deviceKey', request: login, publicKey }
  const { challengeData } = (await ask(port, '/auth/v1/signin/challenge', challenge)) as { challengeData: string }
  const signature = sign('sha256', Buffer.from(challengeData), { key, dsaEncoding: 'ieee-p1363' }).toString('hex')
  await ask(port, '/auth/v1/signin/challenge/respond', {
    challengeType: 'deviceKey',
    challengeData,
    deviceKey: { signature },
  })
}

async function ask(port: number, path: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`http://127.0.0.1:${String(port)}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  if (answer.status !== 200) throw new Error(`${path} was answered ${String(answer.status)}`)
  return answer.json()
}
