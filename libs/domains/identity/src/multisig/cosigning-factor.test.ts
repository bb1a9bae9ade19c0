import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { passing } from '../../test/changing.ts'
import { adding, errorIn, type Holder, newKey, newShared, paying, signedBy, submitting } from '../../test/cosigning.ts'
import { type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { add, update } from '../../test/ledger-world.ts'
import { answerTo, codeTo, demandIn } from '../../test/wallet-owner.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

/** A shared account whose owner's codes are mailed. */
async function newMailed(): Promise<Holder> {
  const { owner } = await newShared(world)
  const { walletId, key, password, email } = owner
  const at = `/wallets/${walletId}/factors`
  const create = { by: key, body: { data: { type: 'email' } } }
  const first = demandIn(await world.ask('POST', at, create))
  await answerTo(world, first, password.sign(first.token))
  const made = await world.ask('POST', at, create)
  const id = (made.body as { data: { id: string } }).data.id
  const body = { data: { attributes: { priority: 200 } } }
  const enable = { method: 'PATCH', target: `${at}/${id}`, by: key, body }
  expect((await passing(world, enable, { password, email })).answer.status).toBe(204)
  return owner
}

/** What was mailed about a transaction that names this key: of two mails nobody knows which comes first. */
const codeAbout = ({ email }: Holder, key: string): Promise<string> =>
  vi.waitFor(
    () => {
      const mail = world.sentTo(email).find(({ text }) => text.includes(key))
      return /code is: (\d{6})/.exec(mail?.text ?? '')?.[1] ?? Promise.reject(new Error('nothing was sent'))
    },
    { timeout: 30_000, interval: 20 },
  )

describe('the factor', () => {
  test('is told each operation, with amount and destination, and no word of the caller’s', async () => {
    const owner = await newMailed()
    const [to, coming] = [newKey().keyId, newKey().keyId]
    const operations = [
      paying(to),
      paying(to, 3_000_000n),
      update(owner.signer, { weight: 7 }),
      add({ keyId: coming }, { weight: 3 }),
    ]
    const answer = await submitting(world, await signedBy(owner, { operations }))
    const said = [
      `pay 12.5 from balance abcdef12… to ${to}`,
      `pay 3 from balance abcdef12… to ${to}`,
      `give the signer ${owner.account} weight 7`,
      `add the signer ${coming} with weight 3`,
    ].join('; ')
    expect(errorIn(answer)?.meta).toMatchObject({ factor_type: 'email', purpose: said })
    const mail = await codeTo(world, owner.email, 2).then(() => world.sentTo(owner.email).at(-1)?.text ?? '')
    expect(mail).toContain(`It allows: ${said}`)
    expect(`${answer.text}${mail}`).not.toContain('canary')
  })

  test('is the one of the highest priority, and its code serves for the transaction that it named', async () => {
    const owner = await newMailed()
    const [one, two] = [newKey().keyId, newKey().keyId]
    const addingOf = (keyId: string) => signedBy(owner, { operations: [add({ keyId }, { identity: 77, weight: 1 })] })
    const [tx, other] = [await addingOf(one), await addingOf(two)]
    const [demand, second] = [demandIn(await submitting(world, tx)), demandIn(await submitting(world, other))]
    const [code, otherCode] = [await codeAbout(owner, one), await codeAbout(owner, two)]
    expect((await answerTo(world, second, code)).status).toBe(code === otherCode ? 204 : 400)
    expect((await answerTo(world, demand, code)).status).toBe(204)
    expect((await submitting(world, tx)).status).toBe(200)
  })

  test('is demanded in a thousand bytes, with as much of the purpose as there is room for', async () => {
    const { owner } = await newShared(world)
    const five = Array.from({ length: 5 }, () => paying(newKey().keyId))
    const short = await submitting(world, await signedBy(owner, { operations: [adding()] }))
    expect(errorIn(short)?.meta?.['purpose']).toMatch(/^add the signer G/)
    const long = await submitting(world, await signedBy(owner, { operations: five }))
    expect(errorIn(long)?.meta?.['purpose']).toBe('payment')
    for (const { text } of [short, long]) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1000)
  })

  test('calls the wallet something else: its id opens it, and whoever has the transaction need not know it', async () => {
    const { owner } = await newShared(world)
    const answer = await submitting(world, await signedBy(owner, { operations: [adding()] }))
    expect(answer.text).not.toContain(owner.walletId)
    expect(demandIn(answer).wallet_id).toMatch(/^[0-9a-f]{64}$/)
    expect((await world.ask('GET', `/wallets/${demandIn(answer).wallet_id}`)).status).toBe(404)
    // Clients that know the id may answer under it.
    const demand = { ...demandIn(answer), wallet_id: owner.walletId }
    expect((await answerTo(world, demand, owner.password.sign(demand.token))).status).toBe(204)
  })
})
