import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toHex } from '@strongroom/crypto'
import { type Envelope, readEnvelope } from '../src/ledger/envelope.ts'
import { keyValues, type LedgerSigner } from '../src/ledger/ledger.ts'
import type { OperationBody } from '../src/ledger/operations.ts'
import { judgeSignatures } from '../src/ledger/signatures.ts'
import { toSigner } from '../src/ledger/signer-rules.ts'

const PASSPHRASE = 'A Network of the Tests'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly body: string
}

/** Answers in the place of the stub, or lets it answer. */
export type Answer = (asked: Asked, to: ServerResponse) => boolean | Promise<boolean>

/** Stands where a TokenD network would, at the edge of the world: the routes of Horizon that we ask, and as much of a core. */
export interface HorizonStub extends AsyncDisposable {
  readonly url: string
  readonly asked: readonly Asked[]
  accounts: Map<string, readonly LedgerSigner[]>
  readonly values: Map<string, object>
  readonly sales: Map<string, string>
  /** Signers on one page. */
  pageSize: number
  /** What answers first. */
  instead: Answer | undefined
}

export async function startHorizon(masterAccountId: string): Promise<HorizonStub> {
  const asked: Asked[] = []
  const applied = new Map<string, object>()
  const world = {
    url: '',
    asked,
    accounts: new Map<string, readonly LedgerSigner[]>(),
    values: new Map<string, object>([
      [keyValues.defaultSignerRole, { type: { name: 'uint32', value: 1 }, u32: 2 }],
      [keyValues.recoverySignerRole, { type: { name: 'uint64', value: 3 }, u64: 3 }],
      [keyValues.recoveryEnabled, { type: { name: 'uint32', value: 1 }, u32: 1 }],
      [keyValues.unverifiedRole, { type: { name: 'uint64', value: 3 }, u64: 7 }],
    ]),
    sales: new Map<string, string>(),
    pageSize: 100,
    instead: undefined as Answer | undefined,
  }

  const answer = async (one: Asked, to: ServerResponse): Promise<void> => {
    asked.push(one)
    if (await world.instead?.(one, to)) return
    const [status, body] = route(one)
    to.writeHead(status, { 'content-type': 'application/vnd.api+json' }).end(JSON.stringify(body))
  }

  const route = ({ method, path, body }: Asked): readonly [number, object] => {
    const url = new URL(path, 'http://stub')
    const [, , kind = '', name = ''] = url.pathname.split('/').map(decodeURIComponent)
    if (url.pathname === '/')
      return [200, { network_passphrase: PASSPHRASE, master_account_id: masterAccountId, precision: 1e6 }]
    if (method === 'POST') return submit((JSON.parse(body) as { tx: string }).tx)
    if (kind === 'key_values') return found(world.values.get(name), (value) => ({ data: { attributes: { value } } }))
    if (kind === 'sales')
      return found(world.sales.get(name), (id) => ({ data: { relationships: { owner: { data: { id } } } } }))
    if (kind === 'transactions') return found(applied.get(name), (transaction) => transaction)
    return found(world.accounts.get(name), (signers) => page(url, signers))
  }

  /** As Horizon does, a next page is named behind the last one. */
  const page = ({ pathname, searchParams }: URL, signers: readonly LedgerSigner[]): object => {
    const limit = Math.min(world.pageSize, Number(searchParams.get('page[limit]') ?? 15))
    const number = Number(searchParams.get('page[number]') ?? 0)
    const link = (at: number) =>
      `${pathname}?page%5Blimit%5D=${String(limit)}&page%5Bnumber%5D=${String(at)}&page%5Border%5D=asc`
    return {
      data: signers.slice(number * limit, (number + 1) * limit).map(shown),
      links: { self: link(number), next: link(number + 1) },
    }
  }

  const submit = (tx: string): readonly [number, object] => {
    const envelope = readEnvelope(tx, PASSPHRASE)
    if ('fault' in envelope) return [400, { errors: [{ status: '400', meta: { field: 'tx', error: 'invalid' } }] }]
    const hash = toHex(envelope.hash)
    const before = applied.get(hash)
    if (before) return [200, before]
    const failed = judge(envelope) ?? apply(envelope)
    if (failed) return rejection(failed)
    const attributes = {
      hash,
      ledger_sequence: applied.size + 2,
      created_at: '2026-01-01T00:00:00Z',
      envelope_xdr: tx,
      result_xdr: 'AAAA',
      result_meta_xdr: 'AAAA',
    }
    const transaction = { data: { id: String(applied.size + 1), type: 'transactions', attributes }, included: [] }
    applied.set(hash, transaction)
    return [200, transaction]
  }

  const judge = (envelope: Envelope): string | undefined => {
    const judged = judgeSignatures(envelope, world.accounts.get(envelope.source) ?? [])
    return judged === 'enough' ? undefined : judged
  }

  /** Each operation is judged by the signers that those before it left. */
  const apply = (envelope: Envelope): string | undefined => {
    const before = new Map(world.accounts)
    const { source, operations } = envelope
    if (operations.every(({ body }) => judge(envelope) === undefined && applyOne(source, body))) return undefined
    world.accounts = before
    return 'tx_failed'
  }

  const applyOne = (source: string, body: OperationBody): boolean => {
    const own = world.accounts.get(source) ?? []
    switch (body.type) {
      case 'create-account': {
        if (source !== masterAccountId || world.accounts.has(body.account)) return false
        world.accounts.set(body.account, body.signers.map(toSigner))
        return true
      }
      case 'initiate-kyc-recovery': {
        if (source !== masterAccountId || !world.accounts.has(body.account)) return false
        // The owners' keys go at once.
        world.accounts.set(body.account, [{ key: body.signer, weight: 1000, role: 3, identity: 1, details: '{}' }])
        return true
      }
      case 'manage-signer': {
        const { change } = body
        const key = change.action === 'remove' ? change.key : change.signer.key
        const others = own.filter((one) => one.key !== key)
        if ((change.action === 'create') !== (others.length === own.length)) return false
        world.accounts.set(source, change.action === 'remove' ? others : [...others, toSigner(change.signer)])
        return true
      }
      case 'payment':
        return true
      case 'create-kyc-recovery-request':
      case 'review-request':
        return false
    }
  }

  const server = createServer((request, response) => void take(request, response))
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', url = '' } = request
    await answer({ method, path: url, body: Buffer.concat(chunks).toString() }, response)
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.closeAllConnections()
    server.close()
    return Promise.resolve()
  }
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return Object.assign(world, { url, [Symbol.asyncDispose]: close })
}

export const rejection = (transaction: string, operations?: readonly string[]): readonly [number, object] => [
  400,
  {
    errors: [
      {
        title: 'Bad Request',
        status: '400',
        detail: 'Tx is invalid and got rejected',
        meta: { envelope: '', result_xdr: '', result_codes: { transaction, ...(operations && { operations }) } },
      },
    ],
  },
]

const found = <T>(value: T | undefined, render: (value: T) => object): readonly [number, object] =>
  value === undefined ? [404, { errors: [{ title: 'Not Found', status: '404' }] }] : [200, render(value)]

const shown = ({ key, weight, identity, role, details }: LedgerSigner): object => ({
  id: key,
  type: 'signers',
  attributes: { weight, identity, details: JSON.parse(details) as unknown },
  relationships: { role: { data: { id: String(role), type: 'signer-roles' } } },
})
