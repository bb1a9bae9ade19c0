import { approve, masterAccountOf, submit, writeTransaction } from '@strongroom/dev-world/ledger-transactions'
import { type Account, type IdentityApi, IdentityError, openIdentityApi } from '@strongroom/identity-client'
import { startIdentityStorage, type World } from '@strongroom/identity-storage/testing'
import type { AppProcess, Settings } from '@strongroom/test-world'
import { eventually } from './eventually.ts'

/** identity-storage as production runs it: two processes that answer, and one that works. */
export interface IdentityWorld extends AsyncDisposable {
  readonly world: World
  /** Those that answer; a story may kill one, and put another in its place. */
  readonly apis: [AppProcess, AppProcess]
  readonly worker: AppProcess
  /** Our client, as a wallet app has it. */
  api(of?: 0 | 1): IdentityApi
  /** The newest message to an address that says so, subject and text; waits for it. */
  messageTo(address: string, saying: string): Promise<string>
}

export async function startIdentityWorld(settings: Settings = {}): Promise<IdentityWorld> {
  const world = await startIdentityStorage({ processes: 0, settings })
  try {
    const apis: [AppProcess, AppProcess] = [
      await world.app.spawn({}, '--role=api'),
      await world.app.spawn({}, '--role=api'),
    ]
    const worker = await world.app.spawn({}, '--role=worker')
    return {
      world,
      apis,
      worker,
      api: (of = 0) => openIdentityApi({ baseUrl: apis[of].baseUrl }),
      messageTo: (address, saying) => readMessage(world, address, saying),
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    }
  } catch (error) {
    await world[Symbol.asyncDispose]()
    throw error
  }
}

async function readMessage({ app }: World, address: string, saying: string): Promise<string> {
  let found: string | undefined
  await eventually(`${address} is told "${saying}"`, async () => {
    const told = (await app.messagesTo(address)).map(({ subject, text }) => `${subject}\n${text}`)
    found = told.findLast((text) => text.includes(saying))
    return found !== undefined
  })
  return found ?? ''
}

/** What waits to be approved for an account, as an administrator sees it, is approved by a transaction of the administrator's. */
export async function approveRecovery(identity: IdentityWorld, account: string): Promise<void> {
  const [api, url, signer] = [identity.api(), identity.apis[0].baseUrl, identity.world.admin]
  const source = await masterAccountOf(url)
  const { data } = await api.ask({
    method: 'GET',
    path: '/v3/kyc_recovery_requests',
    query: { 'filter[requestor]': account },
    by: { accountId: source, signer },
  })
  const [newest] = data
  const review = approve({ id: newest?.id ?? '0', hash: String(newest?.attributes['hash']) })
  await submit(api, await writeTransaction(url, { source, signer, operations: [review] }))
}

/** `G…` of whoever signs for an account; `undefined` where the ledger knows none of that name. */
export async function signersOf(api: IdentityApi, account: string): Promise<readonly string[] | undefined> {
  const found = await whatComes(api.ask({ method: 'GET', path: `/v3/accounts/${account}/signers` }))
  return found === 404 || typeof found === 'number' ? undefined : found.data.map(({ id }) => id)
}

/** Whether a key may do what only an account's owner may: 200, or the status of the refusal. */
export async function writesFor(api: IdentityApi, by: Account): Promise<number> {
  const path = `/identities/${by.accountId}/settings`
  const body = { data: { attributes: { key: 'locale', value: 'en' } } }
  const written = await whatComes(api.ask({ method: 'PUT', path, body, by }))
  return typeof written === 'number' ? written : 200
}

/** What a call comes to, or the status that it was refused with. */
export const whatComes = <Answer>(call: Promise<Answer>): Promise<Answer | number> =>
  call.catch((error: unknown) => {
    if (error instanceof IdentityError) return error.status
    throw error
  })
