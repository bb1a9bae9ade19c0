import type { Binding, Keystore } from '@strongroom/hsm'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { randomUUID } from 'node:crypto'
import { hexToBytes } from 'viem'
import { z } from 'zod'
import type { ChainName } from '../chain.ts'
import { hexColumn } from './columns.ts'
import { addressOfKey, type GasKey } from './gas-key.ts'

const relayerRow = z.object({
  id: z.uuid(),
  chain: z.string(),
  address: hexColumn,
  envelope: column.bytes,
  /** waiting: for money, and sends nothing; retired: brings what it sent to its end, and takes up nothing new. */
  state: z.enum(['waiting', 'active', 'retired']),
})
export type Relayer = z.output<typeof relayerRow>

const columns = sql`r.id, r.chain, r.address, r.envelope, r.state`

/** Who pays on a chain, or is to pay, once somebody asked for it. */
export const findRelayer = (
  statements: Statements,
  chain: ChainName,
  state: 'active' | 'waiting' = 'active',
): Promise<Relayer | undefined> =>
  statements.maybe(
    relayerRow,
    sql`select ${columns} from chains.relayers as r where chain = ${chain} and state = ${state}`,
  )

/** All that a chain ever had, the newest first. */
export const listRelayers = (statements: Statements, chain: ChainName): Promise<Relayer[]> =>
  statements.many(
    relayerRow,
    sql`select ${columns} from chains.relayers as r where chain = ${chain} order by made_at desc, id`,
  )

/** Who was replaced, and has something out, or has had a moment ago. */
export const findRetired = (statements: Statements, chain: ChainName): Promise<Relayer[]> =>
  statements.many(
    relayerRow,
    sql`select ${columns} from chains.relayers as r
         where chain = ${chain} and state = 'retired'
           and exists (select from chains.transactions as t
                        where t.relayer_id = r.id
                          and (t.state in ('taken', 'sent') or t.ended_at > strongroom.now() - interval '10 minutes'))
         order by made_at`,
  )

/** Where gas keys come from. */
export interface GasKeys {
  /** Makes one for the row: its public key, and what opens for that row alone. */
  issue(binding: Binding): Promise<{ readonly publicKey: Uint8Array; readonly envelope: Uint8Array }>
  /** The key of a row. */
  of(relayer: Relayer): GasKey | Promise<GasKey>
}

export const bindingOfRelayer = ({ id, chain }: Pick<Relayer, 'id' | 'chain'>): Binding => ({
  table: 'chains.relayers',
  row: id,
  owner: chain,
  purpose: 'gas-key',
})

/** The relayer of a chain; its key is made at the first call. Its address wants money before anything is sent. */
export const ensureRelayer = (database: Database, keys: GasKeys, chain: ChainName): Promise<Relayer> =>
  makeOnce(database, keys, { chain, state: 'active' })

/** Who is to replace the relayer of a chain; its key is made at the first call. */
export const prepareRelayer = (database: Database, keys: GasKeys, chain: ChainName): Promise<Relayer> =>
  makeOnce(database, keys, { chain, state: 'waiting' })

async function makeOnce(
  database: Database,
  keys: GasKeys,
  { chain, state }: { chain: ChainName; state: 'active' | 'waiting' },
): Promise<Relayer> {
  const known = await findRelayer(database.reading, chain, state)
  if (known) return known
  const id = randomUUID()
  const { publicKey, envelope } = await keys.issue(bindingOfRelayer({ id, chain }))
  await database.run(sql`
    insert into chains.relayers (id, chain, address, envelope, state)
    values (${id}, ${chain}, ${hexToBytes(addressOfKey(publicKey))}, ${envelope}, ${state})
    on conflict do nothing`)
  // Of two processes at once the first one’s key counts.
  const made = await findRelayer(database, chain, state)
  if (!made) throw new Error('a relayer was neither made nor found')
  return made
}

/** Gas keys that are generated in the token, wrapped there, and unwrapped there for one signature. */
export const gasKeysOf = (hsm: Pick<Keystore, 'issueKeyPair' | 'signWithIssued'>): GasKeys => ({
  issue: (binding) => hsm.issueKeyPair('secp256k1', binding),
  of: (relayer) => ({
    sign: (digest) =>
      hsm.signWithIssued({ envelope: relayer.envelope, curve: 'secp256k1' }, bindingOfRelayer(relayer), digest),
  }),
})
