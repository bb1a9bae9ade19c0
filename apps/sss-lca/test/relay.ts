import { type Answered, type Asked, clientOf } from './client.ts'

export const publicKey = 'pOCSkrZRwni5dyxWn1+puxPZBrRqtoyd+dwrRAn4ogk='

let callers = 0
/** An address that nobody had before, in one of the networks that nobody has. */
export const newAddress = (): string => `10.1.${String(callers >> 8)}.${String(callers++ & 255)}`

/** From an address that nobody had before, unless one is named. */
export const relayAt = (base: string) => {
  const ask = (asked: Asked & { ip?: string }): Promise<Answered> => {
    const { ip = newAddress(), ...rest } = asked
    return clientOf(base).ask({ ...rest, headers: { 'x-forwarded-for': ip, ...asked.headers } })
  }
  return {
    ask,
    open: (body: object = {}, ip?: string) =>
      ask({ path: '/qr-login/session', body: { publicKey, ...body }, ...(ip !== undefined && { ip }) }),
    async begin(body: object = {}) {
      const opened = (await this.open(body)).body as { sessionId: string; shortCode: string }
      return { sessionId: opened.sessionId, shortCode: opened.shortCode }
    },
    look: (lookup: string, headers: Record<string, string> = {}, ip?: string) =>
      ask({ method: 'GET', path: `/qr-login/session/${lookup}`, headers, ...(ip !== undefined && { ip }) }),
    approve: (sessionId: string, body: object) => ask({ path: `/qr-login/session/${sessionId}/approve`, body }),
    notify: (body: object) => ask({ path: '/qr-login/notify', body }),
    register: (body: object) => ask({ path: '/qr-login/devices', body }),
    remove: (body: object) => ask({ method: 'DELETE', path: '/qr-login/devices', body }),
  }
}
