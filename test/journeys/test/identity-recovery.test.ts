import { requestSigner, submit, writeTransaction } from '@strongroom/dev-world/ledger-transactions'
import type { OpenWallet } from '@strongroom/identity-client'
import { passTime } from '@strongroom/identity-storage/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { approveRecovery, type IdentityWorld, signersOf, startIdentityWorld, writesFor } from '../src/identity-world.ts'
import { settled } from '../src/wallet-holder.ts'

let identity: IdentityWorld
beforeAll(async () => {
  identity = await startIdentityWorld()
})
afterAll(async () => {
  await identity[Symbol.asyncDispose]()
})

/** The recovered key asks to be the one that signs, through the process that did not recover it. */
async function askToSign({ accountId, signer }: OpenWallet): Promise<void> {
  const [api, url] = [identity.api(1), identity.apis[1].baseUrl]
  const wish = requestSigner(accountId, signer, await api.defaultSignerRole())
  await submit(api, await writeTransaction(url, { source: accountId, signer, operations: [wish] }))
}

/** Whether an owner's request of the old key's is taken, and of the new one's. */
const writes = async (old: OpenWallet, recovered: OpenWallet) => [
  await writesFor(identity.api(1), old),
  await writesFor(identity.api(1), { ...recovered, accountId: old.accountId }),
]

describe('a wallet whose password is lost', () => {
  test('is another’s key’s once the mail’s code was given and an administrator has approved; the old key signs no more', async () => {
    const { holder: ann, wallet: lost } = await settled(identity, 'forgotten')
    const recovered = await ann.recover('battery staple')
    await identity.messageTo(ann.email, 'Somebody began to recover your wallet')
    expect((await ann.signIn('battery staple')).id.equals(recovered.id)).toBe(true)
    expect(recovered.accountId).toBe(lost.accountId)
    await expect(ann.signIn('forgotten')).rejects.toMatchObject({ status: 404 })
    // Who reads the mail has come so far, and no further: the owner’s key still signs, and this one signs for nothing.
    expect((await signersOf(identity.api(1), lost.accountId))?.toSorted()).toEqual(
      [lost.signer.keyId, recovered.signer.keyId].toSorted(),
    )
    expect(await writes(lost, recovered)).toEqual([200, 401])

    await askToSign(recovered)
    expect(await writes(lost, recovered)).toEqual([200, 401])
    await approveRecovery(identity, lost.accountId)
    expect(await signersOf(identity.api(1), lost.accountId)).toEqual([recovered.signer.keyId])
    expect(await writes(lost, recovered)).toEqual([401, 200])
    await expect(ann.restore(lost)).rejects.toMatchObject({ status: 401 })

    const changed = await ann.changePassword(await ann.signIn('battery staple'), {
      from: 'battery staple',
      to: 'a third',
    })
    expect((await ann.signIn('a third')).signer.keyId).toBe(changed.signer.keyId)
  })

  test('that somebody else began to recover is brought back by the key that its owner still has', async () => {
    const { holder: bob, wallet } = await settled(identity, 'correct horse')
    const stolen = await bob.recover('of the thief')
    await askToSign(stolen)
    await expect(bob.restore({ ...wallet, signer: stolen.signer })).rejects.toMatchObject({ status: 401 })
    await bob.restore(wallet)
    const opened = await bob.signIn('correct horse')
    expect(opened.id.equals(wallet.id) && opened.seeds[0].equals(wallet.seeds[0])).toBe(true)
    await expect(bob.signIn('of the thief')).rejects.toMatchObject({ status: 404 })
    expect(await signersOf(identity.api(1), wallet.accountId)).toEqual([wallet.signer.keyId])
    expect(await writes(wallet, stolen)).toEqual([200, 401])
    await expect(approveRecovery(identity, wallet.accountId)).rejects.toMatchObject({ status: 400 })
    await identity.messageTo(bob.email, 'Your wallet was brought back')
  })

  test('is kept for thirty days, and after them by nobody', async () => {
    const [{ holder: early, wallet: kept }, { holder: late, wallet: shredded }] = [
      await settled(identity, 'correct horse'),
      await settled(identity, 'correct horse'),
    ]
    await early.recover('of the thief')
    await late.recover('of the thief')
    await passTime(identity.world.app, '29 days')
    await early.restore(kept)
    expect(await holdsOf(shredded)).toBe(1)
    await passTime(identity.world.app, '2 days')
    await eventually('what was replaced is shredded', async () => (await holdsOf(shredded)) === 0)
    await expect(late.restore(shredded)).rejects.toMatchObject({ status: 404 })
    expect((await early.signIn('correct horse')).accountId).toBe(kept.accountId)
  })
})

async function holdsOf({ accountId }: OpenWallet): Promise<number> {
  const [row] = await identity.world.app.sql(`select count(*)::int as found from identity.holds h
    join identity.wallets w on w.id = h.wallet_id where w.account_id = '${accountId}'`)
  return Number(row?.['found'])
}
