import { afterAll, beforeAll, expect, test } from 'vitest'
import { newHolder, signedBy } from '../test/cosigning.ts'
import { type IdentityWorld, identityWorld } from '../test/identity-world.ts'
import { ask, newKey } from '../test/recovery-steps.ts'
import type { SigningKey } from '../test/signing-key.ts'
import { newEmail, newUser } from '../test/wallet-owner.ts'
import { signerData } from '../test/ledger-world.ts'

interface List {
  readonly path: string
  readonly by: SigningKey
  /** What of it comes first unless it is asked. */
  readonly usual: 'asc' | 'desc'
}

const lists = [
  'blobs',
  'blobs of a tag',
  'settings',
  'identities',
  'identities/full',
  'invites',
  'kyc_recovery_requests',
] as const
let world: IdentityWorld
let listed: Readonly<Record<(typeof lists)[number], List>>
beforeAll(async () => {
  world = await identityWorld()
  const owner = await newUser(world)
  const { account, key } = owner
  for (const number of ['1', '2', '3', '4', '5']) {
    const relationships = { fund: { data: { id: '12' } } }
    const blob = { data: { type: 'alpha', attributes: { value: number }, relationships } }
    await world.ask('POST', `/accounts/${account}/blobs`, { by: key, body: blob })
    const setting = { data: { attributes: { key: `k${number}`, value: number } } }
    await world.ask('PUT', `/identities/${account}/settings`, { by: key, body: setting })
    const invite = { data: { type: 'general-invite', attributes: { email: newEmail() } } }
    await world.ask('POST', '/invites', { by: world.admin, body: invite })
    await recoveryRequest()
  }
  const { admin } = world
  listed = {
    blobs: { path: `/accounts/${account}/blobs?type=32`, by: key, usual: 'desc' },
    'blobs of a tag': { path: `/accounts/${account}/blobs?fund=12`, by: key, usual: 'desc' },
    settings: { path: `/identities/${account}/settings?`, by: key, usual: 'asc' },
    identities: { path: '/identities?', by: admin, usual: 'desc' },
    'identities/full': { path: '/identities/full?filter[email]=', by: admin, usual: 'desc' },
    invites: { path: '/invites?filter[sale-id]=', by: admin, usual: 'desc' },
    kyc_recovery_requests: { path: '/v3/kyc_recovery_requests?', by: admin, usual: 'desc' },
  }
}, 300_000)
afterAll(() => world[Symbol.asyncDispose]())

async function recoveryRequest(): Promise<void> {
  const [owner, newcomer] = [await newHolder(world), newKey()]
  await world.ledger.beginKycRecovery({ account: owner.account, signer: newcomer.keyId })
  const operations = [ask({ keyId: owner.account }, [signerData(newcomer)])]
  expect(await world.ledger.submit(await signedBy(owner, { operations, signers: [newcomer] }))).toMatchObject({
    outcome: 'applied',
  })
}

interface Page {
  readonly data: readonly { readonly id: string }[]
  readonly links: Readonly<Record<string, string | undefined>>
}

async function read(target: string, by: SigningKey): Promise<Page> {
  const { status, text, body } = await world.ask('GET', target, { by })
  expect([status, text]).toEqual([200, expect.any(String)])
  return body as Page
}
const idsIn = ({ data }: Page) => data.map(({ id }) => id)

/** All of them by the links, two at a time. */
async function follow(from: string, by: SigningKey): Promise<readonly string[]> {
  const ids: string[] = []
  for (let next: string | undefined = from; next !== undefined;) {
    const page: Page = await read(next, by)
    expect(page.data.length).toBeLessThanOrEqual(2)
    ids.push(...idsIn(page))
    next = page.links['next']
  }
  return ids
}

test.each(lists)('%s come in their own order, in that, or in the other, from page to page', async (name) => {
  const { path, by, usual } = listed[name]
  const other = usual === 'asc' ? 'desc' : 'asc'
  const own = idsIn(await read(`${path}&page[limit]=100`, by))
  expect(own.length).toBeGreaterThanOrEqual(5)
  expect(idsIn(await read(`${path}&page[order]=${usual}&page[limit]=100`, by))).toEqual(own)
  expect(idsIn(await read(`${path}&page[order]=${other}&page[limit]=100`, by))).toEqual(own.toReversed())
  expect(await follow(`${path}&page[limit]=2`, by)).toEqual(own)
  expect(await follow(`${path}&page[limit]=2&page[order]=${other}`, by)).toEqual(own.toReversed())
  const { links } = await read(`${path}&page[limit]=2&page[number]=2&page[order]=${other}`, by)
  for (const rel of ['self', 'first', 'prev', 'next']) expect(links[rel]).toContain(`page[order]=${other}`)
  const plain = await read(`${path}&page[limit]=2`, by)
  expect(JSON.stringify(plain.links)).not.toContain('page[order]')
})

test.each(lists)('of %s no other order is known', async (name) => {
  const { path, by } = listed[name]
  for (const order of ['', 'ASC', 'random']) {
    const { status, body } = await world.ask('GET', `${path}&page[order]=${order}`, { by })
    expect([status, body]).toMatchObject([400, { errors: [{ meta: { field: 'page[order]' } }] }])
  }
})

test.each(lists)('%s take the parameters that Kotlin’s client sends beside', async (name) => {
  const { path, by } = listed[name]
  const beside = '&page=1&page[number]=1&page[cursor]=&limit=2&page[limit]=2&page[order]=desc&order=desc'
  const page = await read(path + beside, by)
  const { data, links } = await read(`${path}&page[number]=1&page[limit]=2&page[order]=desc`, by)
  expect([page.data, page.links]).toEqual([data, links])
  expect(data).toHaveLength(2)
})
