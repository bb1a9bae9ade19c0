import type { Proof } from '@strongroom/http/contract'
import { invalidAppSecret } from '../refusals.ts'

/** An app of the operator's; its people and accounts are its own. */
export interface ClientApp {
  readonly id: string
  readonly name: string
}

/** The names that a secret is sent by: ours, and the original's. */
export const APP_SECRET_HEADERS = ['x-app-secret', 'x-hyphen-app-secret'] as const

/** Which app asks: by its secret, or without one where there is one app alone. It identifies and proves little: apps ship it. */
export const appSecret: Proof<ClientApp> = {
  name: 'appSecret',
  scheme: {
    type: 'apiKey',
    in: 'header',
    name: 'X-App-Secret',
    description: 'Which app asks; `X-Hyphen-App-Secret` is taken as well. One app alone needs none.',
  },
  reads: { header: APP_SECRET_HEADERS },
  refusals: [invalidAppSecret],
}
