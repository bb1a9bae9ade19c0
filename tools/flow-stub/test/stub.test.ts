import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type FlowStub, type FlowStubOptions, startFlowStub } from '../src/start-flow-stub.ts'
import { type Client, clientOf, deployment, newKey } from './client.ts'

let stub: FlowStub
let client: Client
beforeEach(async () => {
  stub = await startFlowStub()
  client = clientOf(stub)
})
afterEach(() => stub.close())

async function begin(options?: FlowStubOptions): Promise<FlowStub> {
  const other = await startFlowStub(options)
  onTestFinished(() => other.close())
  return other
}

describe('the stub', () => {
  test('says what it is, and has no other routes', async () => {
    const { get } = client
    expect(await get('/network/parameters')).toEqual({
      status: 200,
      body: { chain_id: 'flow-testnet', notice: expect.stringContaining('Not Flow') as unknown },
    })
    const paths = ['/scripts', '/blocks', '/accounts/0', `/transaction_results/${'0'.repeat(64)}`, '/nothing']
    for (const path of paths) expect((await get(path)).status).toBe(404)
  })

  test('seals later, when it is told to', async () => {
    const { sealed, build, send, resultOf } = client
    stub.lag(2)
    const { id } = await send(await build(deployment([newKey()])))
    expect(await resultOf(id)).toMatchObject({ status: 'Executed' })
    const { height } = await sealed()
    stub.advance(2)
    expect(await resultOf(id)).toMatchObject({ status: 'Sealed' })
    expect(Number((await sealed()).height)).toBe(Number(height) + 2)
  })

  test('loses a transaction, or the answer to one, when it is told to, once', async () => {
    const { get, build, send, resultOf } = client
    const dropped = await build(deployment([newKey()]))
    stub.meetWith('drop')
    const { status, id } = await send(dropped)
    expect(status).toBe(201)
    expect((await get(`/transaction_results/${id}`)).status).toBe(404)
    stub.meetWith('lose-answer')
    await expect(send(dropped)).rejects.toThrow(TypeError)
    expect(await resultOf(id)).toMatchObject({ status: 'Sealed', error_message: '' })
    expect((await send(dropped)).id).toBe(id)
  })

  test('fails as it is told to, until it is told otherwise', async () => {
    const { get } = client
    stub.fail('unavailable')
    expect((await fetch(`${stub.url}/v1/blocks?height=sealed`)).status).toBe(503)
    stub.fail('hang')
    const waited = fetch(`${stub.url}/v1/blocks?height=sealed`, { signal: AbortSignal.timeout(200) })
    await expect(waited).rejects.toMatchObject({ name: 'TimeoutError' })
    stub.fail('none')
    expect((await get('/blocks?height=sealed')).status).toBe(200)
  })

  test('keeps accounts and blocks through a restart, for its owner alone', async () => {
    const { payer } = client
    const folder = mkdtempSync(join(tmpdir(), 'flow-stub-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const stateDir = join(folder, 'state')
    const first = await startFlowStub({ stateDir })
    const address = first.addAccount([{ publicKey: payer.publicKey, weight: 1000 }])
    await first.close()
    expect(statSync(join(stateDir, 'flow.json')).mode & 0o777).toBe(0o600)
    const second = await begin({ stateDir })
    expect(second.account(address)?.keys).toHaveLength(1)
    const keys = [payer, newKey()].map(({ publicKey }) => ({ publicKey, weight: 1000 }))
    expect(second.addAccount(keys, address)).toBe(address)
    expect(second.account(address)?.keys).toHaveLength(1)
    expect(second.addAccount(keys, 'f8d6e0586b0a20c7')).toBe('f8d6e0586b0a20c7')
    expect(second.account('f8d6e0586b0a20c7')?.keys).toHaveLength(2)
  })

  test('listens on this machine only, takes another port for a busy one, and turns away pages of the web', async () => {
    const { hostname, port } = new URL(stub.url)
    expect(hostname).toBe('127.0.0.1')
    const other = await begin({ port: Number(port) })
    expect(new URL(other.url).port).not.toBe(port)
    const blocksUrl = `${stub.url}/v1/blocks?height=sealed`
    expect((await fetch(blocksUrl, { headers: { origin: 'https://example.com' } })).status).toBe(403)
    expect(await statusUnder('flow.example.com')).toBe(403)
    expect((await fetch(`${stub.url}/v1/transactions`, { method: 'POST', body: '{' })).status).toBe(400)
  })
})

/** As a page whose name was made to point at this machine. */
const statusUnder = (host: string) =>
  new Promise<number | undefined>((done, reject) => {
    request(`${stub.url}/v1/blocks?height=sealed`, { headers: { host } }, (answer) => {
      answer.resume()
      done(answer.statusCode)
    })
      .on('error', reject)
      .end()
  })
