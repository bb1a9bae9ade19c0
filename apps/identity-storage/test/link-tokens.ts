import { encodeTuple, toHex } from '@strongroom/crypto'
import type { TestApp } from '@strongroom/test-world'
import { withToken } from './app-token.ts'

/** What proves an address before there is a wallet: of the app's own token, as whoever verifies addresses for it has it. */
export const tokenOfAddress = (app: TestApp, email: string, given = Date.now()): Promise<string> =>
  withToken(app, async (hsm) => {
    const mac = async (use: string, ...facts: readonly string[]) =>
      toHex((await hsm.mac(use, encodeTuple(...facts))).subarray(0, 32))
    const time = given.toString(16).padStart(12, '0')
    return time + (await mac('verification', 'address', await mac('contact', 'email', email.toLowerCase()), time))
  })
