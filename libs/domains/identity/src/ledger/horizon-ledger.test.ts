import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type HorizonStub, startHorizon } from '../../test/horizon-stub.ts'
import { add, codesOf, ledgerSigner, networkPassphrase, remove, transactionOf } from '../../test/ledger-world.ts'
import { signerNamed, signerOf } from '../../test/transaction-signers.ts'
import { isAdmin, standingOf } from './authority.ts'
import { horizonLedger, type HorizonLedgerOptions } from './horizon-ledger.ts'
import { keyValues, type Ledger, LedgerUnavailable } from './ledger.ts'

const master = signerNamed('master').keyId
const [own, admin] = [signerNamed('service'), signerNamed('admin')]

let horizon: HorizonStub
let ledger: Ledger
beforeAll(async () => {
  horizon = await startHorizon(master)
})
afterAll(() => horizon[Symbol.asyncDispose]())
beforeEach(() => {
  horizon.instead = undefined
  horizon.pageSize = 100
  horizon.accounts.set(master, [ledgerSigner(admin, { role: 1 }), ledgerSigner(own, { role: 5, identity: 9 })])
  ledger = open()
})

const open = (more: Partial<HorizonLedgerOptions> = {}): Ledger =>
  horizonLedger({
    url: horizon.url,
    networkPassphrase,
    masterAccountId: master,
    ownKey: () => Promise.resolve(own),
    ...more,
  })
const newKey = () => signerOf(randomBytes(32))
const owned = () => {
  const owner = newKey()
  horizon.accounts.set(owner.keyId, [ledgerSigner(owner)])
  return owner
}
const submissions = () => horizon.asked.filter(({ method }) => method === 'POST').length
const keysOf = (account: string) => horizon.accounts.get(account)?.map(({ key }) => key)

describe('what Horizon knows', () => {
  test('is the network that this service was set up for, or nothing of it is believed', async () => {
    expect(await ledger.info()).toEqual({ networkPassphrase, masterAccountId: master })
    await expect(open({ networkPassphrase: 'Another' }).info()).rejects.toThrow(LedgerUnavailable)
    await expect(open({ masterAccountId: admin.keyId }).info()).rejects.toThrow(LedgerUnavailable)
    await expect(
      open({ networkPassphrase: 'Another' }).createAccount({ account: newKey().keyId, signers: [] }),
    ).rejects.toThrow(LedgerUnavailable)
    expect(submissions()).toBe(0)
  })

  test('is shown to nobody where it is nested too deep to be written', async () => {
    const { keyId } = newKey()
    const details = `${'['.repeat(5000)}{"0":${'{"0":'.repeat(5000)}1${'}'.repeat(5000)}}${']'.repeat(5000)}`
    const relationships = '{"role":{"data":{"id":"2"}}}'
    horizon.instead = ({ path }, to) => {
      if (path.includes(keyId))
        to.end(
          `{"data":[{"id":"${keyId}","attributes":{"weight":1000,"identity":1,"details":${details}},"relationships":${relationships}}]}`,
        )
      return path.includes(keyId)
    }
    expect(await ledger.signersOf(keyId)).toEqual([ledgerSigner({ keyId })])
  })

  test('is read where a newer version wraps it, too', async () => {
    horizon.instead = ({ path }, to) => {
      const attributes = { network_passphrase: networkPassphrase, master_account_id: master }
      if (path === '/') to.end(JSON.stringify({ data: { id: 'now', type: 'horizon-state', attributes } }))
      return path === '/'
    }
    expect(await ledger.info()).toEqual({ networkPassphrase, masterAccountId: master })
  })

  test('are settings of three types, and none of a name that nobody set', async () => {
    horizon.values.set('a text', { type: { name: 'string', value: 2 }, str: 'words' })
    expect(await ledger.keyValue(keyValues.defaultSignerRole)).toEqual({ type: 'u32', value: 2 })
    expect(await ledger.keyValue(keyValues.recoverySignerRole)).toEqual({ type: 'u64', value: 3 })
    expect(await ledger.keyValue('a text')).toEqual({ type: 'string', value: 'words' })
    expect(await ledger.keyValue('nothing')).toBeUndefined()
  })

  test('is asked again for settings after ten seconds, and for signers each time', async () => {
    let now = Date.now()
    const timed = open({ clock: () => new Date(now) })
    const owner = owned()
    const before = horizon.asked.length
    const ask = async () => [await timed.keyValue(keyValues.defaultSignerRole), await timed.signersOf(owner.keyId)]
    await ask()
    await ask()
    expect(horizon.asked.length - before).toBe(3)
    now += 10_000
    await ask()
    expect(horizon.asked.length - before).toBe(5)
  })

  test('are signers on one page, on many, and of nobody', async () => {
    const owner = newKey()
    const signers = Array.from({ length: 7 }, (_, identity) => ledgerSigner(newKey(), { identity, details: '{"n":1}' }))
    horizon.accounts.set(owner.keyId, signers)
    for (const [size, asked] of [
      [100, 1],
      [7, 2],
      [3, 3],
      [1, 8],
    ] as const) {
      horizon.pageSize = size
      const before = horizon.asked.length
      expect(await ledger.signersOf(owner.keyId)).toEqual(signers)
      expect(horizon.asked.length - before).toBe(asked)
    }
    expect(await ledger.signersOf(newKey().keyId)).toBeUndefined()
  })

  test('is who administers: signers of the master account, whose first one has TokenD’s role 1', async () => {
    const [nobody, weightless] = [newKey(), newKey()]
    horizon.accounts.set(master, [ledgerSigner(admin, { role: 1 }), ledgerSigner(weightless, { weight: 0 })])
    expect(await isAdmin(ledger, admin.keyId)).toBe(true)
    expect(await isAdmin(ledger, nobody.keyId)).toBe(false)
    expect(await isAdmin(ledger, weightless.keyId)).toBe(false)
  })

  test('is whose a sale is', async () => {
    horizon.sales.set('17', master)
    expect(await ledger.saleOwner?.('17')).toBe(master)
    expect(await ledger.saleOwner?.('18')).toBeUndefined()
  })
})

describe('a transaction', () => {
  test('is applied, and has the same outcome when it is submitted again', async () => {
    const [owner, second] = [owned(), newKey()]
    const wish = { source: owner, operations: [add(second, { identity: 2 })], signers: [owner] }
    const tx = await transactionOf(wish)
    const first = await ledger.submit(tx)
    expect(first).toMatchObject({
      outcome: 'applied',
      transaction: { envelope: tx, createdAt: expect.any(Date) as Date },
    })
    expect(await ledger.submit(tx)).toEqual(first)
    expect(keysOf(owner.keyId)).toEqual([owner.keyId, second.keyId])
    const { hash } = first.outcome === 'applied' ? first.transaction : { hash: '' }
    expect({ outcome: 'applied', transaction: await ledger.findApplied(hash) }).toEqual(first)
    expect(await ledger.findApplied('00'.repeat(32))).toBeUndefined()
  })

  test('is rejected with the codes that Horizon gives', async () => {
    const [owner, thief] = [owned(), newKey()]
    const wrong = await ledger.submit(
      await transactionOf({ source: owner, operations: [remove(owner)], signers: [thief] }),
    )
    expect(wrong.outcome === 'rejected' && codesOf(wrong)).toBe('tx_bad_auth')
    const failed = await ledger.submit(
      await transactionOf({ source: owner, operations: [remove(thief)], signers: [owner] }),
    )
    expect(failed).toEqual({ outcome: 'rejected', transactionCode: 'tx_failed', operationCodes: [], messages: [] })
  })

  test('that was applied before, and is a duplicate now, was applied', async () => {
    const owner = owned()
    const tx = await transactionOf({ source: owner, operations: [add(newKey(), { identity: 2 })], signers: [owner] })
    const first = await ledger.submit(tx)
    for (const code of ['tx_duplication', 'tx_too_late', 'tx_failed']) {
      horizon.instead = rejecting(code)
      expect(await ledger.submit(tx)).toEqual(first)
    }
  })

  test('that Horizon knows and has not seen applied is not decided yet', async () => {
    const owner = owned()
    const tx = await transactionOf({ source: owner, operations: [remove(newKey())], signers: [owner] })
    for (const code of ['tx_duplication', 'tx_internal_error']) {
      horizon.instead = rejecting(code)
      await expect(ledger.submit(tx)).rejects.toThrow(LedgerUnavailable)
    }
  })

  test('that is none is asked of nobody', async () => {
    const before = horizon.asked.length
    expect(await ledger.submit('AAAA')).toMatchObject({ outcome: 'rejected', transactionCode: 'tx_malformed' })
    expect(horizon.asked.length).toBe(before)
  })
})

const rejecting =
  (code: string): HorizonStub['instead'] =>
  ({ method }, to) => {
    if (method !== 'POST') return false
    to.writeHead(400).end(
      JSON.stringify({ errors: [{ status: '400', meta: { result_codes: { transaction: code } } }] }),
    )
    return true
  }

describe('an account', () => {
  test('is made by the master account, once, with the role of accounts that nobody verified', async () => {
    const owner = newKey()
    const wish = { account: owner.keyId, signers: [ledgerSigner(owner)] }
    expect(await ledger.createAccount(wish)).toBe('created')
    expect(horizon.accounts.get(owner.keyId)).toEqual(wish.signers)
    const before = submissions()
    expect(await ledger.createAccount(wish)).toBe('created')
    expect(await ledger.createAccount({ ...wish, signers: [ledgerSigner(newKey())] })).toBe('taken')
    expect(submissions()).toBe(before)
  })

  test('that somebody else makes at the same time is taken, and one that an earlier try made is made', async () => {
    const owner = newKey()
    const wish = { account: owner.keyId, signers: [ledgerSigner(owner)] }
    for (const [signers, answer] of [
      [[ledgerSigner(newKey())], 'taken'],
      [wish.signers, 'created'],
    ] as const) {
      horizon.accounts.delete(owner.keyId)
      horizon.instead = ({ method }, to) => {
        if (method === 'POST') horizon.accounts.set(owner.keyId, signers)
        return rejecting('tx_failed')?.({ method, path: '', body: '' }, to) ?? false
      }
      expect(await ledger.createAccount(wish)).toBe(answer)
    }
  })

  test('that the ledger does not let this service make is an outage: an operator has to look', async () => {
    horizon.accounts.set(master, [ledgerSigner(admin)])
    const owner = newKey()
    await expect(ledger.createAccount({ account: owner.keyId, signers: [ledgerSigner(owner)] })).rejects.toThrow(
      LedgerUnavailable,
    )
    await expect(ledger.createAccount({ account: owner.keyId, signers: [] })).rejects.toThrow(LedgerUnavailable)
  })

  test('with signers that are none is a bug of the caller', async () => {
    const owner = newKey()
    const signers = [ledgerSigner(owner, { weight: 1 })]
    await expect(ledger.createAccount({ account: owner.keyId, signers })).rejects.toThrow(RangeError)
  })

  test('of nobody is signed for by the service’s own key, until it is given to somebody alone', async () => {
    const [nobodys, owner, system] = [newKey().keyId, newKey(), newKey()]
    expect(await ledger.createAccount({ account: nobodys, signers: [] })).toBe('created')
    expect(keysOf(nobodys)).toEqual([own.keyId])
    const stays = { account: nobodys, signers: [ledgerSigner(system, { identity: 2 })], others: 'stay' as const }
    expect([await ledger.adoptAccount(stays), await ledger.adoptAccount(stays)]).toEqual(['adopted', 'adopted'])
    expect(keysOf(nobodys)).toEqual([own.keyId, system.keyId])
    const goes = { account: nobodys, signers: [ledgerSigner(owner)], others: 'go' as const }
    expect([await ledger.adoptAccount(goes), await ledger.adoptAccount(goes)]).toEqual(['adopted', 'adopted'])
    expect(keysOf(nobodys)).toEqual([owner.keyId])
    expect(await ledger.adoptAccount({ ...goes, signers: [ledgerSigner(newKey())] })).toBe('taken')
    expect(await ledger.adoptAccount({ ...goes, account: newKey().keyId })).toBe('taken')
  })

  test('is never forgotten', async () => {
    const owner = owned()
    await ledger.forgetAccount(owner.keyId)
    expect(keysOf(owner.keyId)).toEqual([owner.keyId])
  })
})

describe('a KYC recovery', () => {
  test('lets a key in for the master account, once, and is not taken back here', async () => {
    const [owner, signer] = [owned(), newKey().keyId]
    const wish = { account: owner.keyId, signer }
    expect(await ledger.cancelKycRecovery(wish)).toBe('cancelled')
    const before = submissions()
    expect([await ledger.beginKycRecovery(wish), await ledger.beginKycRecovery(wish)]).toEqual(['begun', 'begun'])
    expect(submissions() - before).toBe(1)
    expect(await standingOf(ledger, { account: owner.keyId, key: signer })).toBe('recovering')
    expect(await standingOf(ledger, { account: owner.keyId, key: owner.keyId })).toBeUndefined()
    expect(await ledger.cancelKycRecovery(wish)).toBe('refused')
  })

  test('is refused for nobody, for the master account, for a key that signs already, and where it is switched off', async () => {
    const owner = owned()
    const begin = (account: string, signer: string) => open().beginKycRecovery({ account, signer })
    expect(await begin(newKey().keyId, newKey().keyId)).toBe('refused')
    expect(await begin(master, newKey().keyId)).toBe('refused')
    expect(await begin(owner.keyId, owner.keyId)).toBe('refused')
    horizon.values.set(keyValues.recoveryEnabled, { u32: 0 })
    expect(await begin(owner.keyId, newKey().keyId)).toBe('refused')
    horizon.values.set(keyValues.recoveryEnabled, { u32: 1 })
    horizon.instead = rejecting('tx_failed')
    expect(await begin(owner.keyId, newKey().keyId)).toBe('refused')
    horizon.instead = rejecting('tx_bad_auth')
    await expect(begin(owner.keyId, newKey().keyId)).rejects.toThrow(LedgerUnavailable)
  })
})
