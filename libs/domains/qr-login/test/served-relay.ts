import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type RandomSource, systemRandom } from '@strongroom/crypto'
import { type Keystore, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import { listener, mount, problems } from '@strongroom/http'
import { pushAddressCheck, pushFrom, pushSettings, type PushValues } from '@strongroom/notify'
import { startOutbox, type Told } from '@strongroom/outbox'
import { proveLoginToken } from '@strongroom/proofs'
import { sql } from '@strongroom/storage'
import { z } from 'zod'
import { type Account, type ApproveAuth, handlersFor, keyNeeds, type Policies, usualPolicies } from '../src/index.ts'
import { type StoreFixture, tables } from './fixtures.ts'
import { loginProvider } from './login-provider.ts'
import { type Relay, relayAt } from './relay.ts'

type RelayWish = Partial<Policies> & { approveAuth?: ApproveAuth; random?: RandomSource }

/** All that a served relay needs besides the store of its sessions. */
export async function relayWorld() {
  const [token, data, provider, outbox] = await Promise.all([softToken(), tables(), loginProvider(), startOutbox()])
  const place = { ...token, deployment: 'test', app: 'qr-login' }
  const hsm: Keystore = await openKeystore({
    ...place,
    keys: await provisionKeys({ ...place, needs: keyNeeds, existing: [] }),
  })
  const push = z.object(schemas()).parse({ ...(await outbox.push.environment()) }) as PushValues
  const sender = pushFrom(push)
  if (!sender) throw new Error('the outbox names no push service')
  const accounts = new Map<string, Account>()

  return {
    hsm,
    token,
    outbox,
    ...data,
    logIn: provider.logIn,
    addAccount(subject: string): Account {
      const account = { id: `account-of-${subject}`, did: `did:key:z${subject}` }
      accounts.set(subject, account)
      return account
    },
    async events(subject: string) {
      const row = z.object({ event: z.string(), detail: z.record(z.string(), z.unknown()) })
      const found = sql`select event, detail from audit.events where subject = ${subject} order by id`
      return data.owner.many(row, found)
    },
    async messagesTo(to: string): Promise<Told[]> {
      const answer = await fetch(new URL(`/messages?to=${encodeURIComponent(to)}`, outbox.url))
      return (await answer.json()) as Told[]
    },
    /** The relay on a port of its own, behind a proxy that reports callers' addresses. */
    async serve(
      sessions: StoreFixture['store'],
      { approveAuth = 'token', random = systemRandom, ...policies }: RelayWish = {},
    ): Promise<Relay> {
      const relay = mount({
        dialect: problems,
        handlers: handlersFor(approveAuth),
        provers: [proveLoginToken],
        deps: {
          database: data.database,
          hsm,
          sessions,
          sender,
          random,
          policies: { ...usualPolicies, ...policies },
          logins: { oidc: provider.verifier },
          findAccount: ({ subject }: { subject: string }) => Promise.resolve(accounts.get(subject)),
          holdAccount: () => Promise.resolve(true),
          isPushable: pushAddressCheck(push),
        },
      })
      const handle = listener({ mounts: [relay], trustedProxyHops: 1 }).callback()
      const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/api/qr-login`
      return { ...relayAt(base), close: () => server.close().closeAllConnections() }
    },
    async end() {
      await hsm.close()
      sender.close()
      await Promise.all([data.end(), token.remove(), outbox.stop()])
    },
  }
}
export type RelayWorld = Awaited<ReturnType<typeof relayWorld>>

function schemas() {
  return Object.fromEntries(Object.entries(pushSettings).map(([name, { schema }]) => [name, schema]))
}
