import type { Secret } from '@strongroom/crypto'
import type { Done, Notified, SessionCreated, SessionSeen } from './answers.ts'
import { type Login, loginOf } from './keys.ts'
import type { Transport } from './transport.ts'

/** Where a push reaches a device; the server keeps it sealed. */
export type PushDevice =
  | { readonly kind: 'fcm'; readonly token: Secret }
  | {
      readonly kind: 'web'
      readonly subscription: {
        readonly endpoint: string
        readonly keys: { readonly p256dh: string; readonly auth: string }
      }
    }

export interface Approval {
  readonly sessionId: string
  readonly encryptedPayload: string
  readonly approverDid: string
  /** Servers of the published kind take approvals without one. */
  readonly login?: Login | undefined
}

export type QrLoginApi = ReturnType<typeof qrLoginApi>

/** `/qr-login`, one method for each route. Each throws `SssError`. */
export const qrLoginApi = ({ send }: Transport) => ({
  createSession: (session: { readonly publicKey: string; readonly pollTokenDigest?: string }) =>
    send<SessionCreated>({ method: 'POST', path: '/qr-login/session', body: session }),

  /** @param lookup the session's id, or its short code. */
  readSession: (lookup: string, { pollToken, signal }: { pollToken?: Secret; signal?: AbortSignal | undefined } = {}) =>
    send<SessionSeen>({
      method: 'GET',
      path: `/qr-login/session/${encodeURIComponent(lookup)}`,
      ...(pollToken && { headers: { 'x-poll-token': pollToken } }),
      signal,
    }),

  approveSession: ({ sessionId, login, ...approval }: Approval) =>
    send<Done>({
      method: 'POST',
      path: `/qr-login/session/${encodeURIComponent(sessionId)}/approve`,
      body: { ...(login && loginOf(login)), ...approval },
    }),

  /** Pushes to the account's other devices that a new one asks. */
  notifyDevices: (login: Login, session: { readonly sessionId: string; readonly shortCode: string }) =>
    send<Notified>({ method: 'POST', path: '/qr-login/notify', body: { ...loginOf(login), ...session } }),

  registerDevice: (login: Login, device: PushDevice) =>
    send<Done>({ method: 'POST', path: '/qr-login/devices', body: { ...loginOf(login), ...device } }),

  removeDevice: (login: Login, device: PushDevice) =>
    send<Done>({ method: 'DELETE', path: '/qr-login/devices', body: { ...loginOf(login), ...device } }),
})
