import { randomBytes } from 'node:crypto'
import { didOf, makePresentation, Secret, startQrLogin, textOf } from '@strongroom/sss-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishedWire } from '../src/published-wire.ts'
import { type SssWorld, startSssWorld } from '../src/sss-world.ts'
import { newEmail, ownerOf } from '../src/wallet-owner.ts'

// Every switch of docs/compatibility.md, both ways, by the published client and by ours.
const switches = {
  'as it ships': {},
  'APPROVE_AUTH=open': { APPROVE_AUTH: 'open' },
  'DID_AUTH=challenge': { DID_AUTH: 'challenge' },
  'QUERY_LOOKUP=token': { QUERY_LOOKUP: 'token' },
  'EMAIL_BACKUP_ANY_ADDRESS=false': { EMAIL_BACKUP_ANY_ADDRESS: 'false' },
}
type Setting = keyof typeof switches

let sss: SssWorld
const urls = new Map<string, string>()
beforeAll(async () => {
  sss = await startSssWorld()
  for (const [name, settings] of Object.entries(switches)) {
    const { baseUrl } = await sss.world.app.spawn(settings, '--role=api')
    urls.set(name, `${baseUrl}/api`)
  }
})
afterAll(async () => {
  await sss[Symbol.asyncDispose]()
})

const newShare = () => randomBytes(33).toString('hex')

/** Somebody with a wallet and both clients, at the server that is set so. */
function at(setting: Setting) {
  const apiUrl = urls.get(setting) ?? ''
  const email = newEmail()
  const ann = ownerOf({ world: sss.world, apiUrl }, { email })
  const published = publishedWire(apiUrl, () => sss.world.issuer.issueToken({ email }))
  const signed = { vp: textOf(makePresentation(ann.seed)), primaryDid: ann.did }
  return { apiUrl, email, ann, published, signed }
}

describe('APPROVE_AUTH', () => {
  test.each([
    ['as it ships', 400],
    ['APPROVE_AUTH=open', 200],
  ] as const)('%s: the published client, which sends no login, is answered %i', async (setting, status) => {
    const { ann, published } = at(setting)
    const { sessionId } = await startQrLogin(ann.api)
    expect((await published.approve(sessionId, ann.did)).status).toBe(status)
  })

  test.each(['as it ships', 'APPROVE_AUTH=open'] as const)('%s: a login is judged all the same', async (setting) => {
    const { ann } = at(setting)
    await ann.device().custody.setUp(ann.seed)
    const { sessionId } = await startQrLogin(ann.api)
    const approval = { sessionId, encryptedPayload: '{}', login: await ann.login() }
    const approverDid = didOf(new Secret(Uint8Array.from(randomBytes(32))))
    await expect(ann.api.qrLogin.approveSession({ ...approval, approverDid })).rejects.toMatchObject({ status: 403 })
    expect(await ann.api.qrLogin.approveSession({ ...approval, approverDid: ann.did })).toEqual({ success: true })
  })
})

describe('DID_AUTH', () => {
  test('as it ships: both clients store by a presentation that never changes', async () => {
    const { ann, published, signed } = at('as it ships')
    expect((await published.storeShare(newShare(), signed)).status).toBe(200)
    expect(await ann.device().custody.rotate(ann.seed)).toBe(2)
  })

  test('challenge: the published client stores nothing; ours asks for a challenge each time', async () => {
    const { ann, published, signed } = at('DID_AUTH=challenge')
    expect((await published.storeShare(newShare(), signed)).status).toBe(401)
    const { custody } = ann.device({ didAuth: 'challenge' })
    expect(await custody.setUp(ann.seed)).toMatchObject({ shareVersion: 1 })
    await custody.addRecovery(ann.seed, { type: 'phrase' })
    await custody.deleteKeys(ann.seed)
    expect(await custody.restore(ann.seed)).toBe(2)
  })
})

const lookUp = async ({ apiUrl, email }: ReturnType<typeof at>) => {
  const contact = { contactMethodType: 'email', contactMethodValue: email }
  const query = new URLSearchParams({ ...contact, type: 'passkey', credentialId: 'one' })
  const answer = await fetch(`${apiUrl}/keys/recovery?${query.toString()}`)
  const body: unknown = await answer.json()
  return { status: answer.status, body }
}

async function withPasskey(setting: Setting) {
  const somebody = at(setting)
  const { ann } = somebody
  await ann.device().custody.setUp(ann.seed)
  const encryptedShare = { encryptedData: 'AAAA', iv: 'BBBB' }
  await ann.api.keys.addRecovery(await ann.login(), { type: 'passkey', credentialId: 'one', encryptedShare })
  const byLogin = await ann.api.keys.readRecovery(await ann.login(), { type: 'passkey', credentialId: 'one' })
  expect(byLogin).toEqual({ encryptedShare })
  return somebody
}

describe('QUERY_LOOKUP', () => {
  test('as it ships: the documents’ look-up by contact finds the share; the login’s does too', async () => {
    const found = await lookUp(await withPasskey('as it ships'))
    expect(found).toMatchObject({ status: 200, body: { encryptedShare: { encryptedData: 'AAAA' } } })
  })

  test('token: only the login’s does', async () => {
    expect(await lookUp(await withPasskey('QUERY_LOOKUP=token'))).toMatchObject({ status: 401 })
  })
})

describe('EMAIL_BACKUP_ANY_ADDRESS', () => {
  test.each([
    ['as it ships', 200],
    ['EMAIL_BACKUP_ANY_ADDRESS=false', 403],
  ] as const)('%s: the login’s own address is 200, any other %i', async (setting, status) => {
    const { email, published } = at(setting)
    const share = { emailShare: `0001${newShare()}` }
    expect((await published.mailBackup({ ...share, email })).status).toBe(200)
    expect((await published.mailBackup({ ...share, email: newEmail() })).status).toBe(status)
  })
})
