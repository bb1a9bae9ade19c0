import { randomBytes } from 'node:crypto'
import type { World } from '@strongroom/sss-lca/testing'

/** Somebody with a wallet who signs in on any device. */
export function newPerson({ issuer }: World) {
  const email = `owner-${randomBytes(6).toString('hex')}@example.com`
  return {
    seed: randomBytes(32).toString('hex'),
    on: async (baseUrl: string) => ({
      apiUrl: `${baseUrl}/api`,
      authToken: await issuer.issueToken({ email }),
    }),
  }
}
