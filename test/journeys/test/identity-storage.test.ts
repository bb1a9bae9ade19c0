import { enableTotp, type NewTotp, type OpenWallet, Secret } from '@strongroom/identity-client'
import { passTime } from '@strongroom/identity-storage/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { type IdentityWorld, signersOf, startIdentityWorld, whatComes, writesFor } from '../src/identity-world.ts'
import { codeOf, oathtoolEnvironment } from '../src/oathtool.ts'
import { demandProgram } from '../src/one-shell.ts'
import { holderOf, settled } from '../src/wallet-holder.ts'

let identity: IdentityWorld
beforeAll(async () => {
  demandProgram('oathtool', oathtoolEnvironment)
  identity = await startIdentityWorld()
})
afterAll(async () => {
  await identity[Symbol.asyncDispose]()
})

const subjectsTo = async (email: string) => (await identity.world.app.messagesTo(email)).map(({ subject }) => subject)
const isSame = (one: OpenWallet, other: OpenWallet) => one.id.equals(other.id) && one.seeds[0].equals(other.seeds[0])

describe('a wallet', () => {
  test('opens by address and password once the mail’s link was followed, wherever it is asked for', async () => {
    const ann = holderOf(identity)
    const made = await ann.signUp('correct horse')
    expect(made.isVerified).toBe(false)
    await expect(ann.signIn('correct horse')).rejects.toMatchObject({ status: 403, code: 'verification_required' })
    await ann.followLink()
    const opened = await ann.signIn('correct horse')
    expect(opened.isVerified && isSame(opened, made)).toBe(true)
    await expect(ann.signIn('correct house')).rejects.toMatchObject({ status: 404 })
    expect(await signersOf(identity.api(1), made.accountId)).toEqual([made.signer.keyId])
  })

  test('gets another password and key together, once the old password is proven; then the old ones do nothing', async () => {
    const { holder: ann, wallet } = await settled(identity, 'correct horse')
    expect(await writesFor(identity.api(1), wallet)).toBe(200)
    const wrong = ann.changePassword(wallet, { from: 'correct house', to: 'battery staple' })
    await expect(wrong).rejects.toMatchObject({ fault: 'factor-unreadable' })
    expect(await signersOf(identity.api(1), wallet.accountId)).toEqual([wallet.signer.keyId])

    const changed = await ann.changePassword(wallet, { from: 'correct horse', to: 'battery staple' })
    expect(changed.accountId).toBe(wallet.accountId)
    expect(await signersOf(identity.api(1), wallet.accountId)).toEqual([changed.signer.keyId])
    expect(isSame(await ann.signIn('battery staple'), changed)).toBe(true)
    await expect(ann.signIn('correct horse')).rejects.toMatchObject({ status: 404 })
    expect(await whatComes(identity.api(1).getWallet(wallet.id))).toBe(404)
    expect([await writesFor(identity.api(1), changed), await writesFor(identity.api(1), wallet)]).toEqual([200, 401])
    await identity.messageTo(ann.email, 'The password of your wallet was changed')
  })

  test('with TOTP opens by a code of an authenticator that is none of ours, each of them once, and changes by both', async () => {
    const { holder: ann, wallet } = await settled(identity, 'correct horse')
    const shown: NewTotp[] = []
    const firstCode = async (factor: NewTotp) => {
      shown.push(factor)
      return codeOf(factor.secret)
    }
    await enableTotp(identity.api(), wallet, { password: new Secret('correct horse'), firstCode })
    // So that nobody waits for the next half minute. A code of the last one is refused when this one ends on its way.
    await identity.world.app.sql(`
      update identity.factors set last_step = 0 where type = 'totp' and wallet_id =
        (select id from identity.wallets where account_id = '${wallet.accountId}')`)
    const secret = shown[0]?.secret ?? new Secret('')
    await expect(ann.signIn('correct horse')).rejects.toMatchObject({ fault: 'factor-unanswered' })
    const used = await codeOf(secret)
    expect(isSame(await ann.signIn('correct horse', () => Promise.resolve(used)), wallet)).toBe(true)
    await expect(ann.signIn('correct horse', () => Promise.resolve(used))).rejects.toMatchObject({ status: 400 })

    const asked: string[] = []
    const answer = async ({ factorType }: { factorType: string }) => {
      asked.push(factorType)
      return codeOf(secret, 1)
    }
    const changed = await ann.changePassword(wallet, { from: 'correct horse', to: 'battery staple', answer })
    expect([asked, changed.accountId]).toEqual([['totp'], wallet.accountId])
    await identity.messageTo(ann.email, 'The password of your wallet was changed')
    expect(await subjectsTo(ann.email)).toContain('A second factor was enabled for your wallet')
  })
})

describe('time', () => {
  test('ends a session ten minutes after it was last read, and no sooner', async () => {
    const { wallet } = await settled(identity, 'correct horse')
    const { id: sessionId, encryptionKey } = wallet.session ?? { id: new Secret(''), encryptionKey: new Secret('') }
    for (const api of [identity.api(1), identity.api(0)]) {
      await passTime(identity.world.app, '9 minutes')
      expect((await api.getSession(sessionId)).encryptionKey.equals(encryptionKey)).toBe(true)
    }
    await passTime(identity.world.app, '10 minutes')
    for (const of of [0, 1] as const) expect(await whatComes(identity.api(of).getSession(sessionId))).toBe(404)
  })

  test('frees an address that nobody verified in 128 hours, and its account; one that was verified stays', async () => {
    const { holder: ann, wallet: kept } = await settled(identity, 'correct horse')
    const bob = holderOf(identity)
    const made = await bob.signUp('correct horse')
    const isThere = async () => [
      typeof (await whatComes(identity.api().kdf({ email: bob.email }))) === 'object',
      (await signersOf(identity.api(), made.accountId)) !== undefined,
    ]
    await passTime(identity.world.app, '127 hours')
    // What the sweeps do in the same run: they ran.
    await eventually('the session of the other wallet is swept', async () => (await sessionsOf(kept.accountId)) === 0)
    expect(await isThere()).toEqual([true, true])
    await passTime(identity.world.app, '2 hours')
    await eventually('the wallet is purged', async () => (await isThere()).every((one) => !one))
    const again = await bob.signUp('battery staple')
    expect(again.accountId).not.toBe(made.accountId)
    expect(isSame(await ann.signIn('correct horse'), kept)).toBe(true)
  })
})

const sessionsOf = async (accountId: string): Promise<number> =>
  Number(
    (
      await identity.world.app.sql(`select count(*)::int as found from identity.sessions s
        join identity.wallets w on w.id = s.wallet_id where w.account_id = '${accountId}'`)
    )[0]?.['found'],
  )
