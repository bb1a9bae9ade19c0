import {
  bodyTooLarge,
  crashed,
  type Dialect,
  invalidInput,
  unavailable,
  unknownRoute,
  unsupportedMediaType,
} from '@strongroom/http'
import type { AnyEndpoint, AnyRefusalKind } from '@strongroom/http/contract'
import { z } from 'zod'
import { changePin, createKey, eraseKey, openKey } from './keys/contract.ts'
import { cancelReset, resetPin, verifyUser } from './resets/contract.ts'
import { createUser, removeUser } from './users/contract.ts'

/** What the original says instead of a refusal's own status and title. */
const said = new Map<string, { status: number; message: string }>([
  [invalidInput.kind, { status: 400, message: 'Invalid request' }],
  [unsupportedMediaType.kind, { status: 400, message: 'Invalid request' }],
  [bodyTooLarge.kind, { status: 400, message: 'Invalid request' }],
  [unknownRoute.kind, { status: 403, message: 'Missing Authentication Token' }],
  [unavailable.kind, { status: 503, message: 'Service unavailable' }],
])

const crashes = new Map<AnyEndpoint, string>([
  [createKey, 'Error creating key'],
  [openKey, 'Error reading key'],
  [changePin, 'Error changing pin'],
  [eraseKey, 'Error erasing key'],
  [createUser, 'Error creating user'],
  [verifyUser, 'Error verifying user'],
  [resetPin, 'Error resetting pin'],
  [removeUser, 'Error deleting user'],
  [cancelReset, 'Error cancelling reset'],
])

function say(
  { kind, status, title }: Pick<AnyRefusalKind, 'kind' | 'status' | 'title'>,
  endpoint: AnyEndpoint | undefined,
) {
  if (kind === crashed.kind) {
    return { status, message: (endpoint && crashes.get(endpoint)) ?? 'Internal server error' }
  }
  return said.get(kind) ?? { status, message: title }
}

/** Bodies of the Photon key server, v2: `{"message": ...}`, and `delay` where there is one to tell. */
export const photon: Dialect = {
  accepts: ['application/json'],
  contentType: 'application/json; charset=utf-8',
  render(refusal, endpoint) {
    const { status, message } = say(refusal, endpoint)
    const { delay } = refusal.details
    return { status, body: delay === undefined ? { message } : { message, delay } }
  },
  describe(kind, endpoint) {
    const { status, message } = say(kind, endpoint)
    const { delay } = kind.details.shape
    return { status, body: z.object({ message: z.literal(message), ...(delay && { delay }) }) }
  },
}
