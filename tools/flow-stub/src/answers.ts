import type { Outcome, StubChain } from './chain.ts'
import type { Account, Block } from './ledger.ts'

export interface Answer {
  readonly status: number
  readonly body: unknown
}

const NETWORK = 'flow-testnet'
const notFound: Answer = { status: 404, body: { code: 404, message: 'not found' } }
const ok = (body: unknown): Answer => ({ status: 200, body })

type Ask = (chain: StubChain, path: { id: string; query: URLSearchParams }) => Answer

/** What is asked of the Access API, and what it says; `undefined` where the stub has no such route. */
export function answer(chain: StubChain, url: URL): Answer | undefined {
  const [, route = '', id = ''] = /^\/v1\/([a-z_]+(?:\/parameters)?)(?:\/([0-9a-f]{1,64}))?$/.exec(url.pathname) ?? []
  return asked[route]?.(chain, { id, query: url.searchParams })
}

const asked: Readonly<Record<string, Ask>> = {
  'network/parameters': () => ok({ chain_id: NETWORK, notice: 'Not Flow: a stub for development and tests.' }),
  blocks: (chain, { id, query }) => {
    const found = id === '' ? query.get('height') === 'sealed' && chain.sealed : chain.block(id)
    return found ? ok([asBlock(found)]) : notFound
  },
  accounts: (chain, { id, query }) => {
    const height = query.get('block_height') ?? 'sealed'
    const found = chain.account(id, height === 'sealed' ? chain.sealed.height : Number(height))
    return found ? ok(asAccount(found, query.get('expand') === 'keys')) : notFound
  },
  transaction_results: (chain, { id }) => {
    const found = chain.outcome(id)
    return found ? ok(asResult(found)) : notFound
  },
}

const asBlock = ({ id, height }: Block) => ({
  header: { id, parent_id: '', height: String(height), timestamp: '2020-01-01T00:00:00Z', parent_voter_signature: '' },
  block_status: 'BLOCK_SEALED',
})

const asAccount = ({ address, keys }: Account, isExpanded: boolean) => ({
  address,
  balance: '100000000',
  ...(isExpanded && {
    keys: keys.map((key, index) => ({
      index: String(index),
      public_key: `0x${key.publicKey}`,
      signing_algorithm: 'ECDSA_P256',
      hashing_algorithm: 'SHA2_256',
      sequence_number: String(key.sequenceNumber),
      weight: String(key.weight),
      revoked: key.revoked,
    })),
  }),
})

const asResult = ({ id, status, block, error, events }: Outcome) => ({
  block_id: block?.id ?? '',
  collection_id: '',
  execution: block ? (error === '' ? 'Success' : 'Failure') : 'Pending',
  status,
  status_code: error === '' ? 0 : 1,
  error_message: error,
  computation_used: '0',
  events: events.map(({ type, value }, index) => ({
    type,
    transaction_id: id,
    transaction_index: '0',
    event_index: String(index),
    payload: Buffer.from(JSON.stringify(value)).toString('base64'),
  })),
})
