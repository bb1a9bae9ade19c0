import { once } from 'node:events'
import { httpReceiver } from './http-receiver.ts'
import { checkHost, listen } from './listen.ts'
import { openMailbox } from './mailbox.ts'
import { smtpReceiver } from './smtp-receiver.ts'
import { type Push, type PushOptions, startPush } from './start-push.ts'

export interface OutboxOptions extends PushOptions {
  /** Any free port where it is 0, busy or not given; so with `smtpPort`. */
  readonly httpPort?: number
  readonly smtpPort?: number
  /** `127.0.0.1` where none is given; any other than this machine is refused. */
  readonly host?: string
  /** Where each delivery is written too, as a line of JSON. */
  readonly file?: string
}

export interface Outbox {
  /** `http://127.0.0.1:8025`: the page, `/messages`, and where to `POST /sms` and `/push`. */
  readonly url: string
  /** `smtp://127.0.0.1:1025`. */
  readonly smtp: string
  readonly push: Push
  stop(): Promise<void>
}

const limits = { deliveries: 10_000, size: 64_000_000 }

/**
 * Starts a mailbox for everything that a system sends.
 * @throws TypeError for a host that is not this machine.
 */
export async function startOutbox(options: OutboxOptions = {}): Promise<Outbox> {
  const { httpPort = 0, smtpPort = 0, host = '127.0.0.1', file } = options
  checkHost(host)
  const mailbox = openMailbox({ ...limits, ...(file !== undefined && { file }) })
  const authority = host === '::1' ? '[::1]' : host
  const { push, stop: stopPush } = await startPush(mailbox, { ...options, host, authority })
  const http = httpReceiver({ mailbox, browsers: push })
  const smtp = smtpReceiver(mailbox)
  return {
    url: `http://${authority}:${String(await listen(http, host, httpPort))}`,
    smtp: `smtp://${authority}:${String(await listen(smtp.server, host, smtpPort))}`,
    push,
    async stop() {
      const closed = [once(http, 'close'), new Promise<void>((done) => smtp.close(done)), stopPush()]
      http.close()
      http.closeAllConnections()
      await Promise.all(closed)
    },
  }
}
