import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encode } from '../src/encode.ts'
import { type FlowStub, startFlowStub } from '../src/start-flow-stub.ts'
import { transactionShape } from '../src/transaction.ts'
import { adding, asSent, base64, type Client, clientOf, deployment, newKey, removing } from './client.ts'

let stub: FlowStub
let client: Client
beforeEach(async () => {
  stub = await startFlowStub()
  client = clientOf(stub)
})
afterEach(() => stub.close())

describe('an account', () => {
  test('is made by the payer, told by an event, and can be read', async () => {
    const { get, build, send, resultOf } = client
    const keys = [newKey(), newKey()]
    const { status, id } = await send(await build(deployment(keys)))
    expect(status).toBe(201)
    const done = await resultOf(id)
    expect(done).toMatchObject({ status: 'Sealed', status_code: 0, error_message: '' })
    const event = JSON.parse(Buffer.from(done.events[0]?.payload ?? '', 'base64').toString()) as unknown
    const address = { type: 'Address', value: expect.stringMatching(/^0x[0-9a-f]{16}$/) as unknown }
    expect(event).toEqual({
      type: 'Event',
      value: { id: 'flow.AccountCreated', fields: [{ name: 'address', value: address }] },
    })
    const made = JSON.stringify(event).match(/0x([0-9a-f]{16})/)?.[1] ?? ''
    const { body } = await get(`/accounts/${made}?block_height=sealed&expand=keys`)
    expect(body).toMatchObject({
      address: made,
      keys: keys.map(({ hex }, index) => ({
        index: String(index),
        public_key: `0x${hex}`,
        signing_algorithm: 'ECDSA_P256',
        hashing_algorithm: 'SHA2_256',
        sequence_number: '0',
        weight: '500',
        revoked: false,
      })),
    })
    expect((await get(`/accounts/${made}?block_height=0&expand=keys`)).status).toBe(404)
  })

  test('takes a key from two of its own, once, and revokes one', async () => {
    const { build, errorOf, twoKeys } = client
    const { address, one, two, first, second } = twoKeys()
    const third = newKey()
    const wish = { script: adding(third), account: address }
    expect(await errorOf(await build(wish, [first, second]))).toBe('')
    expect(await errorOf(await build(wish, [first, second]))).toContain('this key stands already')
    const wrong = await build({ script: removing(two, 0), account: address }, [first, second])
    expect(await errorOf(wrong)).toContain('another key has this index')
    expect(await errorOf(await build({ script: removing(one, 0), account: address }, [first, second]))).toBe('')
    expect(stub.account(address)?.keys.map(({ revoked }) => revoked)).toEqual([true, false, false])
    expect(await errorOf(await build({ ...wish, keyIndex: 1 }, [first, second]))).toContain('1008')
  })

  test('runs three scripts, to the byte', async () => {
    const { build, errorOf, twoKeys } = client
    const { address, first, second } = twoKeys()
    for (const script of [`${adding(newKey())} `, 'transaction {}', adding(newKey()).replace('500', '500.0')])
      expect(await errorOf(await build({ script, account: address }, [first, second]))).toContain('1101')
    expect(stub.account(address)?.keys).toHaveLength(2)
    expect(await errorOf(await build(deployment([newKey()], '500')))).toContain('invalid arguments')
    expect(await errorOf(await build(deployment([{ ...newKey(), hex: '00'.repeat(64) }])))).toContain(
      'invalid public key',
    )
  })
})

describe('a signature', () => {
  test('alone is not enough; nor is one twice, a stranger’s, or that of nobody', async () => {
    const { build, errorOf, twoKeys } = client
    const { address, first, second, two } = twoKeys()
    const wish = { script: adding(newKey()), account: address }
    const stranger = newKey()
    expect(await errorOf(await build(wish, [first]))).toContain('1055')
    expect(await errorOf(await build(wish, [first, first]))).toContain('signed twice')
    expect(await errorOf(await build(wish, [first, [address, 1, stranger]]))).toContain('1008')
    expect(await errorOf(await build(wish, [first, [address, 7, two]]))).toContain('1008')
    expect(await errorOf(await build(wish, []))).toContain('1006')
    const elsewhere = stub.addAccount([{ publicKey: stranger.publicKey, weight: 1000 }])
    const guest = await build(wish, [first, second, [elsewhere, 0, stranger]])
    expect(await errorOf(guest)).toContain('nothing to sign here')
    expect(stub.account(address)?.keys.map(({ sequenceNumber }) => sequenceNumber)).toEqual([0, 0])
  })

  test('is of every byte of payload and envelope', async () => {
    const { sealed, build, errorOf, twoKeys } = client
    const { address, first, second } = twoKeys()
    const signed = await build({ script: adding(newKey()), account: address }, [first, second])
    const { id: block } = await sealed()
    stub.advance(1)
    const other = adding(newKey())
    const altered: object[] = [
      { script: base64(other) },
      { arguments: [base64('{"type":"Bool","value":true}')] },
      { gas_limit: '998' },
      { reference_block_id: (await sealed()).id },
      { proposal_key: { ...signed.proposal_key, key_index: '1' } },
    ]
    for (const change of altered) expect(await errorOf({ ...signed, ...change })).toContain('1008')
    const fewer = { ...signed, payload_signatures: signed.payload_signatures.toReversed().slice(1) }
    expect(await errorOf(fewer)).toContain('1009')
    expect(block).toBe(signed.reference_block_id)
    expect(await errorOf(signed)).toBe('')
  })

  test('of the payer is over the envelope, and of enough weight', async () => {
    const { payer, payerAddress, build, errorOf } = client
    const weak = stub.addAccount([{ publicKey: payer.publicKey, weight: 999 }])
    const paid = await build(deployment([newKey()]))
    const swapped = {
      ...paid,
      payload_signatures: paid.envelope_signatures,
      envelope_signatures: paid.envelope_signatures,
    }
    expect(await errorOf(swapped)).toContain('signed twice')
    const { payload } = encode(transactionShape.parse(paid))
    expect(await errorOf({ ...paid, envelope_signatures: [asSent([payerAddress, 0, payer], payload)] })).toContain(
      '1009',
    )
    const poor = await build({ ...deployment([newKey()]), account: weak, change: { payer: weak } })
    const { envelope } = encode(transactionShape.parse(poor))
    expect(await errorOf({ ...poor, envelope_signatures: [asSent([weak, 0, payer], envelope)] })).toContain('1055')
  })
})

describe('a transaction', () => {
  test('has the next sequence number of its proposal key, which also a failure uses up', async () => {
    const { payerAddress, build, errorOf } = client
    const next = () => stub.account(payerAddress)?.keys[0]?.sequenceNumber
    const wish = deployment([newKey()])
    for (const sequenceNumber of [1, 7]) {
      const wrong = await build({ ...wish, sequenceNumber })
      expect(await errorOf(wrong)).toContain(`[Error Code: 1007]`)
    }
    expect(next()).toBe(0)
    expect(await errorOf(await build({ script: 'transaction {}' }))).toContain('1101')
    expect(next()).toBe(1)
    expect(await errorOf(await build({ ...wish, sequenceNumber: 0 }))).toContain('1007')
    expect(await errorOf(await build(wish))).toBe('')
  })

  test('runs once, however often it is sent', async () => {
    const { payerAddress, build, send } = client
    const transaction = await build(deployment([newKey()]))
    const first = await send(transaction)
    expect(await send(transaction)).toEqual(first)
    stub.advance(5)
    expect(stub.outcomes()).toHaveLength(1)
    expect(stub.account(payerAddress)?.keys[0]?.sequenceNumber).toBe(1)
  })

  test('is good for 600 blocks after its reference block', async () => {
    const { build, send, resultOf } = client
    const wish = deployment([newKey()])
    const late = await build(wish)
    stub.advance(600)
    stub.mine('by hand')
    const { status, id } = await send(late)
    expect(status).toBe(201)
    expect(await resultOf(id)).toMatchObject({ status: 'Pending' })
    stub.advance(1)
    expect(await resultOf(id)).toMatchObject({ status: 'Expired' })
    expect((await send(late)).status).toBe(400)
    expect((await send({ ...late, reference_block_id: 'ab'.repeat(32) })).status).toBe(400)
  })

  test('is turned away where it could be written in another way, or is cut short', async () => {
    const { payerAddress, build, send } = client
    const good = await build(deployment([newKey()]))
    const bad: object[] = [
      { gas_limit: '0999' },
      { gas_limit: 999 },
      { gas_limit: '10000' },
      { gas_limit: '0' },
      { payer: `0x${payerAddress}` },
      { script: `${good.script}=` },
      { arguments: [base64('{ "type": "Bool", "value": true }')] },
      { arguments: [base64('{')] },
      { envelope_signatures: [] },
      { envelope_signatures: [{ ...good.envelope_signatures[0], signature: base64('short') }] },
      { authorizers: undefined },
    ]
    for (const change of bad) expect((await send({ ...good, ...change })).status).toBe(400)
    expect(stub.outcomes()).toEqual([])
    expect((await send(good)).status).toBe(201)
  })
})
