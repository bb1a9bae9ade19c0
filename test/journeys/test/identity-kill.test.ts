import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { OpenWallet } from '@strongroom/identity-client'
import { passTime } from '@strongroom/identity-storage/testing'
import { connect } from '@strongroom/postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { type IdentityWorld, signersOf, startIdentityWorld, whatComes, writesFor } from '../src/identity-world.ts'
import { rounds } from '../src/rounds.ts'
import { holderOf, settled } from '../src/wallet-holder.ts'

let identity: IdentityWorld
beforeAll(async () => {
  identity = await startIdentityWorld()
})
afterAll(async () => {
  await identity[Symbol.asyncDispose]()
})

/** Lets nobody end the sessions of an account's wallet, which is done when the wallet is replaced, and not before. */
async function holdSessionsOf({ accountId }: OpenWallet) {
  const connection = await connect(identity.world.app.database.adminUrl)
  await connection.query('begin')
  const held = await connection.query(
    `select wallet_id from identity.sessions where wallet_id = (select id from identity.wallets where account_id = '${accountId}') for update`,
  )
  expect(held.length).toBeGreaterThan(0)
  return {
    async release() {
      await connection.query('rollback')
      await connection.end()
    },
  }
}

/** `kill -9` of the process that a wallet app asks. */
async function kill() {
  const { child } = identity.apis[0]
  const died = once(child, 'exit')
  child.kill('SIGKILL')
  await died
}

const standAgain = async () => {
  identity.apis[0] = await identity.world.app.spawn({}, '--role=api')
}

/** Does it while the process is killed, at some moment of it; then another takes its place, and the sweeps have run. */
async function whileKilling(act: () => Promise<unknown>): Promise<void> {
  // Whatever it said, or did not: what counts is what is there afterwards.
  const acting = act().catch(() => undefined)
  await delay(randomInt(0, 500))
  await kill()
  await acting
  await standAgain()
  await passTime(identity.world.app, '2 minutes')
  await eventually('nothing is half done', async () => (await unfinished()) === 0)
}

const unfinished = async (): Promise<number> =>
  Number(
    (
      await identity.world.app.sql(`select (select count(*) from identity.changes)
        + (select count(*) from identity.wallets where signers is not null) as found`)
    )[0]?.['found'],
  )

test('kill -9 between the ledger and the wallet: the sweep ends the change, and no password is left without its key', async () => {
  const { holder: ann, wallet } = await settled(identity, 'correct horse')
  const sessions = await holdSessionsOf(wallet)
  const changing = whatComes(ann.changePassword(wallet, { from: 'correct horse', to: 'battery staple' }))
  // The ledger has accepted, as the other process sees; the wallet waits for the sessions.
  await eventually('the ledger has the new key', async () => {
    const signers = (await signersOf(identity.api(1), wallet.accountId)) ?? []
    return signers.length === 1 && signers[0] !== wallet.signer.keyId
  })
  await kill()
  // No answer came: the client cannot know what was done.
  expect(await changing).toBe(0)
  await sessions.release()

  // The wallet is as it was, its key signs for nothing any more, and nobody but the sweep could help its owner.
  await standAgain()
  const before = await ann.signIn('correct horse')
  expect([before.signer.keyId, await writesFor(identity.api(), before)]).toEqual([wallet.signer.keyId, 401])
  expect(await unfinished()).toBe(1)

  await passTime(identity.world.app, '2 minutes')
  await eventually('the change is finished', async () => (await unfinished()) === 0)
  const after = await ann.signIn('battery staple')
  expect(await signersOf(identity.api(), wallet.accountId)).toEqual([after.signer.keyId])
  expect([after.accountId, await writesFor(identity.api(), after)]).toEqual([wallet.accountId, 200])
  await expect(ann.signIn('correct horse')).rejects.toMatchObject({ status: 404 })
  await identity.messageTo(ann.email, 'The password of your wallet was changed')
})

test('kill -9 at any moment of a change: one of the passwords opens the wallet, with the one key that signs', async () => {
  for (let round = 0; round < rounds(4); round++) {
    const { holder: ann, wallet } = await settled(identity, 'before')
    await whileKilling(() => ann.changePassword(wallet, { from: 'before', to: 'after' }))
    const opened = await Promise.all(['before', 'after'].map((password) => whatComes(ann.signIn(password))))
    const [found, ...more] = opened.filter((one) => typeof one !== 'number')
    if (!found || more.length > 0) throw new Error(`not one password opens the wallet, but ${String(more.length + 1)}`)
    expect(await signersOf(identity.api(), wallet.accountId)).toEqual([found.signer.keyId])
    expect(await writesFor(identity.api(), found)).toBe(200)
  }
})

test('kill -9 at any moment of a sign-up: the wallet is there and is verified, or its address is free', async () => {
  for (let round = 0; round < rounds(4); round++) {
    const bob = holderOf(identity)
    await whileKilling(() => bob.signUp('correct horse'))
    const isThere = typeof (await whatComes(identity.api().kdf({ email: bob.email }))) === 'object'
    if (!isThere) await bob.signUp('correct horse')
    await bob.followLink()
    const { accountId, signer } = await bob.signIn('correct horse')
    expect(await signersOf(identity.api(1), accountId)).toEqual([signer.keyId])
  }
})
