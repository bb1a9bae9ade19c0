import { type AccountChange, flowChain, usualContracts } from '@strongroom/chains'
import { fromHex } from '@strongroom/crypto'
import { newDeviceKey } from '@strongroom/device-auth-client'
import { startFlowStub } from '@strongroom/flow-stub'
import { encodeFunctionData, type Hex, parseAbi } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountsClient } from '../src/accounts-client.ts'
import { scriptOf } from '../src/cadence/read-script.ts'
import { RequestError } from '../src/evm/read-request.ts'
import { newCredentialStore } from '../src/session.ts'
import { publicKeyOf } from '../src/sign-in-signature.ts'
import { signerOf, usualVerifiers } from '../src/sign-request.ts'
import { type Answer, answering } from './answering.ts'

// RFC 6979's, A.2.5: a point on the curve.
const publicKey =
  '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299'
const account: Hex = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
const abi = parseAbi(['function addSigner(bytes signer, uint64 weight)', 'function removeSigner(bytes signer)'])
const signer: Hex = `0x${usualContracts().deviceVerifier.slice(2)}${publicKey}`
const adding = encodeFunctionData({ abi, functionName: 'addSigner', args: [signer, 500n] })
const removing = encodeFunctionData({ abi, functionName: 'removeSigner', args: [signer] })
const now = new Date()

const described = (data: Hex) => {
  const deadline = String(Math.floor(now.getTime() / 1000) + 3600)
  const message = { calls: [{ target: account, value: '0', data }], nonce: '7', deadline }
  const evm = { domain: { chainId: 5, verifyingContract: account }, message }
  return { status: 200, body: { chainName: 'local', message: JSON.stringify({ evm }) } }
}
const expected = { kind: 'add-signer', chainId: 5, account, publicKey, now } as const
const transaction = {
  status: 200,
  body: { transaction: { id: 'one', chainName: 'local', state: 'queued', txId: null } },
}

async function clientThatHears(...answers: readonly Answer[]) {
  const { fetch, asked } = answering(...answers)
  const credentials = newCredentialStore()
  await credentials.write({ accessToken: 'a', refreshToken: 'r' })
  return { client: accountsClient({ baseUrl: 'https://accounts.example.com', credentials, fetch }), asked }
}

test('where this release puts its verifiers is where the client looks for them', () => {
  const { deviceVerifier, passkeyVerifier } = usualContracts()
  expect(usualVerifiers).toEqual([deviceVerifier.toLowerCase(), passkeyVerifier.toLowerCase()])
})

describe('a described change', () => {
  test('is signed, and asked for, where it is the expected one', async () => {
    const key = await newDeviceKey()
    const { client, asked } = await clientThatHears(described(adding), transaction)
    expect(await client.change(signerOf(key), expected)).toEqual(transaction.body)
    expect(asked.map(({ method, url }) => [method, new URL(url).pathname])).toEqual([
      ['POST', '/sign/v1/changes/describe'],
      ['POST', '/sign/v1/evm/transaction'],
    ])
    expect(asked[0]?.body).toEqual({ change: { kind: 'add-signer', publicKey } })
    expect(asked[1]?.body).toMatchObject({ chainName: 'local', signatures: [{ publicKey: publicKeyOf(key) }] })
  })

  test.each([
    ['another change', described(removing)],
    ['something else', described('0x')],
    ['no JSON', { status: 200, body: { chainName: 'local', message: 'sign here' } }],
    ['nothing', { status: 200, body: { chainName: 'local', message: 'null' } }],
  ])('that is %s is not signed, and nothing is asked for', async (_, answer) => {
    const { client, asked } = await clientThatHears(answer, transaction)
    await expect(client.change(signerOf(await newDeviceKey()), expected)).rejects.toThrow(RequestError)
    expect(asked).toHaveLength(1)
  })
})

describe('a described recovery', () => {
  const login = { method: 'apple', token: 'token' } as const
  const begun = { status: 200, body: { twoFactorAuth: { id: 'one' }, ephemeralAccessToken: 'e' } }
  const held = { status: 202, body: { recovery: { id: 'one', state: 'held' } } }
  const waiting = async (...answers: readonly Answer[]) => {
    const { client, asked } = await clientThatHears(begun, ...answers)
    return { asked, waits: await client.askToBeLetIn(login, { type: 'device', publicKey }) }
  }

  test('is signed by the recovery key where it lets in the expected one', async () => {
    const cloud = signerOf(await newDeviceKey())
    const { waits, asked } = await waiting(described(adding), transaction)
    expect(await waits.recoverBy(cloud, expected)).toEqual(transaction.body)
    expect(asked.slice(1).map(({ method, url }) => [method, new URL(url).pathname])).toEqual([
      ['GET', '/auth/v1/recover/transaction'],
      ['POST', '/auth/v1/recover/transaction'],
    ])
    expect(asked[2]?.body).toMatchObject({ signatures: [{ publicKey: cloud.publicKey }] })
  })

  test('that waits still is told, and one that is another is not signed', async () => {
    const cloud = signerOf(await newDeviceKey())
    const { waits, asked } = await waiting(held, described(removing))
    expect(await waits.recoverBy(cloud, expected)).toEqual(held.body)
    await expect(waits.recoverBy(cloud, expected)).rejects.toThrow(RequestError)
    expect(asked).toHaveLength(3)
  })
})

describe('a script of Flow', () => {
  let flow: Awaited<ReturnType<typeof startFlowStub>>
  let address: string
  beforeAll(async () => {
    flow = await startFlowStub()
    address = flow.addAccount([{ publicKey: fromHex(publicKey), weight: 500 }])
  })
  afterAll(() => flow.close())

  const wanted = (kind: 'add-signer' | 'remove-signer'): AccountChange =>
    kind === 'remove-signer'
      ? { kind, publicKey: fromHex(publicKey) }
      : { kind, signer: { publicKey: fromHex(publicKey), scheme: 'p256-sha256', weight: 500 } }
  const describedBy = async (kind: 'add-signer' | 'remove-signer') => {
    const payer = { address: flow.addAccount([]), keyIndexes: [0] as [number] }
    const setting = { accessUrl: flow.url, payer, transactionsPerDay: 1, pollSeconds: 1 }
    const chain = flowChain('flow-testnet', setting)
    return { message: JSON.stringify(await chain.describeChange(address, wanted(kind))) }
  }

  test.each(['add-signer', 'remove-signer'] as const)('is read as the server writes it: %s', async (kind) => {
    const told = await describedBy(kind)
    const { cadence } = JSON.parse(told.message) as { cadence: string }
    expect(scriptOf(told, { kind, publicKey: publicKey.toUpperCase() })).toBe(cadence)
    const other = kind === 'add-signer' ? 'remove-signer' : 'add-signer'
    expect(() => scriptOf(told, { kind: other, publicKey })).toThrow(RequestError)
    expect(() => scriptOf(told, { kind, publicKey: 'ab'.repeat(64) })).toThrow(RequestError)
    const changed = [`${cadence} `, cadence.replace('500.0', '1000.0').replace('keyIndex: 0', 'keyIndex: 0 '), '']
    for (const one of changed)
      expect(() => scriptOf({ message: JSON.stringify({ cadence: one }) }, { kind, publicKey })).toThrow(RequestError)
  })

  test.each(['{"evm":{}}', '[]', '1', 'transaction {}'])('%s is none', (message) => {
    expect(() => scriptOf({ message }, { kind: 'add-signer', publicKey })).toThrow(RequestError)
  })
})
