import { createPublicKey, randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Mailbox } from './mailbox.ts'
import type { PushIdentity } from './push-identity.ts'
import { readJwt } from './read-jwt.ts'

export interface FcmAnswer {
  readonly status: number
  readonly body: object
}

export interface FcmReceiver {
  /** What oauth2.googleapis.com does (RFC 7523): a JWT of the service account for a bearer token. */
  grant(form: string): Promise<FcmAnswer>
  /** What fcm.googleapis.com does. A device token that begins with `gone-` is unregistered, `down-` an outage. */
  send(request: { project: string; authorization: string | undefined; body: string }): Promise<FcmAnswer>
}

const TOKEN_URL = 'https://oauth2.googleapis.com/token'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const asked = z.object({
  message: z.object({
    token: z.string().min(1),
    notification: z.object({ title: z.string().default(''), body: z.string().default('') }).prefault({}),
    data: z.record(z.string(), z.string()).default({}),
    android: z.object({ notification: z.object({ tag: z.string().optional() }).prefault({}) }).prefault({}),
  }),
})

/** Firebase Cloud Messaging, HTTP v1, as far as one message to one device goes. */
export function fcmReceiver(mailbox: Mailbox, identity: PushIdentity): FcmReceiver {
  const bearer = randomBytes(24).toString('base64url')
  return {
    async grant(form) {
      const { client_email, private_key } = await identity.serviceAccount()
      const fields = new URLSearchParams(form)
      const claims = readJwt(fields.get('assertion') ?? '', createPublicKey(private_key))
      const isOurs = claims?.iss === client_email && claims.aud === TOKEN_URL
      if (fields.get('grant_type') !== JWT_BEARER || !isOurs) return { status: 400, body: { error: 'invalid_grant' } }
      return { status: 200, body: { access_token: bearer, token_type: 'Bearer', expires_in: 3599 } }
    },

    async send({ project, authorization, body }) {
      if (authorization !== `Bearer ${bearer}`) return refuse(401, 'UNAUTHENTICATED')
      const { project_id } = await identity.serviceAccount()
      if (project !== project_id) return refuse(403, 'PERMISSION_DENIED')
      const { success, data } = asked.safeParse(JSON.parse(body))
      if (!success) return refuse(400, 'INVALID_ARGUMENT')
      const { token, notification, data: values, android } = data.message
      if (token.startsWith('gone-')) return refuse(404, 'NOT_FOUND', 'UNREGISTERED')
      if (token.startsWith('down-')) return refuse(503, 'UNAVAILABLE')
      const told = { id: android.notification.tag ?? randomUUID(), channel: 'push', to: token, html: '' } as const
      mailbox.add({ ...told, subject: notification.title, text: notification.body, data: values })
      return { status: 200, body: { name: `projects/${project}/messages/${randomUUID()}` } }
    },
  }
}

const refuse = (code: number, status: string, errorCode = status): FcmAnswer => ({
  status: code,
  body: {
    error: {
      code,
      status,
      message: 'refused by the outbox',
      details: [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }],
    },
  },
})
