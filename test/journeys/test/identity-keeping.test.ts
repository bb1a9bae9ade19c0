import { writeTransaction } from '@strongroom/dev-world/ledger-transactions'
import {
  type Account,
  byPassword,
  type JsonApiDocument,
  newSeed,
  type OpenWallet,
  Secret,
  signerOf,
} from '@strongroom/identity-client'
import { type ObjectStore, startObjectStore } from '@strongroom/object-store'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holderOf, settled } from '../src/wallet-holder.ts'
import { type IdentityWorld, signersOf, startIdentityWorld, whatComes } from '../src/identity-world.ts'

let store: ObjectStore
let identity: IdentityWorld
let ann: OpenWallet
let bob: OpenWallet
let administrator: Account
beforeAll(async () => {
  store = await startObjectStore()
  const { accessKeyId, secretAccessKey, region, bucket } = store.access
  identity = await startIdentityWorld({
    OBJECTS_URL: store.url,
    OBJECTS_REGION: region,
    OBJECTS_BUCKET: bucket,
    OBJECTS_ACCESS_KEY_ID: accessKeyId,
    OBJECTS_SECRET_ACCESS_KEY: secretAccessKey,
  })
  administrator = { accountId: identity.world.admin.keyId, signer: identity.world.admin }
  ann = (await settled(identity, 'correct horse')).wallet
  bob = (await settled(identity, 'correct horse')).wallet
})
afterAll(async () => {
  await identity[Symbol.asyncDispose]()
  await store.close()
})

const ask = (call: Parameters<ReturnType<IdentityWorld['api']>['ask']>[0]) => identity.api(1).ask(call)
const read = (path: string, by: Account) => whatComes(ask({ method: 'GET', path, by }))
const only = (document: JsonApiDocument | number) => (typeof document === 'number' ? undefined : document.data[0])

test('a private blob is refused to a stranger, and read by its owner and by administrators', async () => {
  const value = JSON.stringify({ first_name: 'Ann' })
  const path = `/accounts/${ann.accountId}/blobs`
  const made = await ask({ method: 'POST', path, by: ann, body: { data: { type: 'kyc_form', attributes: { value } } } })
  const blob = `${path}/${only(made)?.id ?? ''}`
  expect(await read(blob, bob)).toBe(401)
  expect(await whatComes(ask({ method: 'GET', path: blob }))).toBe(401)
  for (const reader of [ann, administrator]) expect(only(await read(blob, reader))?.attributes['value']).toBe(value)
})

test('a document is uploaded by a form that takes no other, and fetched by its owner', async () => {
  const path = `/accounts/${ann.accountId}/documents`
  const asked = { data: { type: 'kyc_poa', attributes: { content_type: 'application/pdf' } } }
  const form = only(await ask({ method: 'POST', path, by: ann, body: asked }))
  const { url, ...fields } = (form?.attributes ?? {}) as Record<string, string>
  const file = Buffer.from('%PDF-1.7 of a journey')
  const post = (filled: Record<string, string>) => postForm(url ?? '', { ...filled, file })
  expect(await post({ ...fields, key: `${fields['key'] ?? ''}x` })).toBe(403)
  expect(await post(fields)).toBe(204)

  const document = `${path}/${fields['key'] ?? ''}`
  const address = String(only(await read(document, ann))?.attributes['url'])
  expect(await (await fetch(address)).text()).toBe(file.toString())
  expect((await fetch(address.replace(/\?.*/, ''))).status).toBe(403)
  expect(await read(document, bob)).toBe(401)
})

test('an invite waits for whoever is invited, and is mailed when they sign up', async () => {
  const carol = holderOf(identity)
  const invite = { data: { type: 'general-invite', attributes: { email: carol.email } } }
  await ask({ method: 'POST', path: '/invites', by: administrator, body: invite })
  const invited = async () => (await read('/invites', administrator)) as JsonApiDocument
  expect((await invited()).data.map(({ attributes }) => attributes['email'])).toContain(carol.email)
  expect(await identity.world.app.messagesTo(carol.email)).toEqual([])
  await carol.signUp('correct horse')
  const mail = await identity.messageTo(carol.email, 'nvit')
  const payload = /\/r\/([\w-]+)/.exec(mail)?.[1] ?? ''
  const { type, meta } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  expect([type, meta]).toEqual(['invite-verify', { email: carol.email, token: expect.any(String) as string }])
})

describe('a setting', () => {
  const path = () => `/identities/${ann.accountId}/settings`
  test.each<[string, unknown]>([
    ['object', { topics: ['sales'], quiet: false }],
    ['array', [1, 'two', null]],
    ['string', 'en'],
    ['number', 0.5],
    ['boolean', false],
    ['null', null],
  ])('of an %s comes back as it was, to its owner and to administrators alone', async (key, value) => {
    await ask({ method: 'PUT', path: path(), by: ann, body: { data: { attributes: { key, value } } } })
    for (const reader of [ann, administrator]) {
      expect(only(await read(`${path()}/${key}`, reader))?.attributes['value']).toEqual(value)
    }
    expect(await read(`${path()}/${key}`, bob)).toBe(401)
  })
})

test('a stored signer signs what its owner signed and proved a factor for, and nothing else', async () => {
  const { accountId: source, signer } = bob
  const url = identity.apis[0].baseUrl
  const path = `/integrations/multisig/accounts/${source}/signers`
  const wish = { data: { type: 'signer', attributes: { role_id: 2, weight: 500 } } }
  expect(await whatComes(ask({ method: 'POST', path, by: ann, body: wish }))).toBe(401)
  const stored = only(await ask({ method: 'POST', path, by: bob, body: wish }))
  const half = { role: 2n, weight: 500, details: '{}' }
  const halves = await writeTransaction(url, {
    source,
    signer,
    operations: [
      create({ ...half, key: stored?.id ?? '', identity: Number(stored?.attributes['identity']) }),
      { type: 'manage-signer', change: { action: 'update', signer: { ...half, key: signer.keyId, identity: 1 } } },
    ],
  })
  await ask({ method: 'POST', path: '/v3/transactions', body: { tx: halves } })

  const third = signerOf(newSeed()).keyId
  const adding = { source, operations: [create({ ...half, key: third, identity: 3 })] }
  const alone = await writeTransaction(url, { ...adding, signer })
  expect(await whatComes(ask({ method: 'POST', path: '/v3/transactions', body: { tx: alone } }))).toBe(400)
  const strangers = await writeTransaction(url, { ...adding, signer: ann.signer })
  expect(await whatComes(cosigned(strangers))).toBe(401)
  const giving = await writeTransaction(url, { source, signer, operations: [handOver(source, third)] })
  await expect(cosigned(giving)).rejects.toMatchObject({ status: 400, fields: [{ error: 'operation-not-allowed' }] })
  expect(await signersOf(identity.api(1), source)).not.toContain(third)

  await cosigned(alone)
  expect(await signersOf(identity.api(1), source)).toContain(third)
})

/** As a browser does, the file last. */
async function postForm(url: string, { file, ...fields }: Record<string, string | Buffer>): Promise<number> {
  const form = new FormData()
  for (const [name, text] of Object.entries(fields)) form.append(name, String(text))
  form.append('file', new Blob([new Uint8Array(file as Buffer)]))
  return (await fetch(url, { method: 'POST', body: form })).status
}

type Data = Parameters<typeof writeTransaction>[1]['operations'][number]

const create = (signer: { key: string; role: bigint; weight: number; identity: number; details: string }): Data => ({
  type: 'manage-signer',
  change: { action: 'create', signer },
})

const handOver = (account: string, signer: string): Data => ({ type: 'initiate-kyc-recovery', account, signer })

/** By the wallet's password, which is its one factor. */
const cosigned = (tx: string) => {
  const api = identity.api(1)
  const path = '/integrations/multisig/transactions'
  return api.withFactor(
    (proven) => proven.ask({ method: 'POST', path, body: { tx } }),
    byPassword({ api, password: new Secret('correct horse') }, bob),
  )
}
