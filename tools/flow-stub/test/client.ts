import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { z } from 'zod'
import { encode } from '../src/encode.ts'
import { add, deploy, remove } from '../src/scripts.ts'
import type { FlowStub } from '../src/start-flow-stub.ts'
import { transactionShape } from '../src/transaction.ts'

export interface TestKey {
  readonly privateKey: KeyObject
  readonly publicKey: Uint8Array
  readonly hex: string
}

export function newKey(): TestKey {
  const { privateKey, publicKey: point } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = point.export({ format: 'jwk' })
  const publicKey = Buffer.concat([x, y].map((one) => Buffer.from(one, 'base64url')))
  return { privateKey, publicKey, hex: publicKey.toString('hex') }
}

export interface Wish {
  readonly script: string
  readonly args?: readonly object[]
  readonly account?: string
  readonly keyIndex?: number
  readonly sequenceNumber?: number
  readonly change?: object
}

export type Signer = readonly [address: string, keyIndex: number, key: TestKey]

export const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64')

export const asSent = ([address, keyIndex, { privateKey: key }]: Signer, message: Buffer) => ({
  address,
  key_index: String(keyIndex),
  signature: sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }).toString('base64'),
})

export const deployment = (keys: readonly Pick<TestKey, 'hex'>[], weight = '500.00000000') => ({
  script: deploy,
  args: [
    { type: 'Array', value: keys.map(({ hex }) => ({ type: 'String', value: hex })) },
    { type: 'Array', value: keys.map(() => ({ type: 'UFix64', value: weight })) },
  ],
})
export const adding = ({ hex }: TestKey) => add.replace('KEY', hex).replace('WEIGHT', '500')
export const removing = ({ hex }: TestKey, index: number) =>
  remove.replace('KEY', hex).replaceAll('INDEX', String(index))

const blocks = z.array(z.object({ header: z.object({ id: z.string(), height: z.string() }) }))
const result = z.object({
  status: z.string(),
  status_code: z.number(),
  error_message: z.string(),
  events: z.array(z.object({ type: z.string(), payload: z.string() })),
})

/** A client of the stub, and an account there that pays. */
export function clientOf(stub: FlowStub) {
  const payer = newKey()
  const payerAddress = stub.addAccount([{ publicKey: payer.publicKey, weight: 1000 }])

  async function get(path: string): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${stub.url}/v1${path}`)
    return { status: answer.status, body: await answer.json() }
  }
  const sealed = async () =>
    blocks.parse((await get('/blocks?height=sealed')).body)[0]?.header ?? { id: '', height: '' }

  /** As Flow’s clients build it: proposed and authorised by the account, or by the payer where none is named. */
  async function build({ script, args = [], account = payerAddress, ...wish }: Wish, signers: readonly Signer[] = []) {
    const { id } = await sealed()
    const keyIndex = wish.keyIndex ?? 0
    const known = stub.account(account)?.keys[keyIndex]?.sequenceNumber ?? 0
    const unsigned = {
      script: base64(script),
      arguments: args.map((one) => base64(JSON.stringify(one))),
      reference_block_id: id,
      gas_limit: '999',
      payer: payerAddress,
      proposal_key: {
        address: account,
        key_index: String(keyIndex),
        sequence_number: String(wish.sequenceNumber ?? known),
      },
      authorizers: [account],
      payload_signatures: [] as object[],
      envelope_signatures: [asSent([payerAddress, 0, payer], Buffer.alloc(1))] as object[],
      ...wish.change,
    }
    const { payload } = encode(transactionShape.parse(unsigned))
    const half = { ...unsigned, payload_signatures: signers.map((one) => asSent(one, payload)) }
    const { envelope } = encode(transactionShape.parse(half))
    return { ...half, envelope_signatures: [asSent([payerAddress, 0, payer], envelope)] }
  }

  async function send(transaction: object): Promise<{ status: number; id: string }> {
    const answer = await fetch(`${stub.url}/v1/transactions`, { method: 'POST', body: JSON.stringify(transaction) })
    const { id } = z.object({ id: z.string().default('') }).parse(await answer.json())
    return { status: answer.status, id }
  }

  const resultOf = async (id: string) => result.parse((await get(`/transaction_results/${id}`)).body)
  const errorOf = async (transaction: object) => (await resultOf((await send(transaction)).id)).error_message

  /** An account of two keys of 500. */
  function twoKeys() {
    const [one, two] = [newKey(), newKey()]
    const address = stub.addAccount([one, two].map(({ publicKey }) => ({ publicKey, weight: 500 })))
    const first: Signer = [address, 0, one]
    const second: Signer = [address, 1, two]
    return { address, one, two, first, second }
  }

  return { payer, payerAddress, get, sealed, build, send, resultOf, errorOf, twoKeys }
}

export type Client = ReturnType<typeof clientOf>
