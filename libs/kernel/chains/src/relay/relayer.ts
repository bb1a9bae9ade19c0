import type { Binding, Keystore } from '@strongroom/hsm'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { randomUUID } from 'node:crypto'
import { hexToBytes } from 'viem'
import { z } from 'zod'
import type { ChainName } from '../chain.ts'
import { hexColumn } from './columns.ts'
import { addressOfKey, type GasKey } from './gas-key.ts'

const relayerRow = z.object({ id: z.uuid(), chain: z.string(), address: hexColumn, envelope: column.bytes })
export type Relayer = z.output<typeof relayerRow>

const columns = sql`id, chain, address, envelope`

/** Who pays on a chain, once somebody asked for it. */
export const findRelayer = (statements: Statements, chain: ChainName): Promise<Relayer | undefined> =>
  statements.maybe(relayerRow, sql`select ${columns} from chains.relayers where chain = ${chain}`)

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
export async function ensureRelayer(database: Database, keys: GasKeys, chain: ChainName): Promise<Relayer> {
  const known = await findRelayer(database.reading, chain)
  if (known) return known
  const id = randomUUID()
  const { publicKey, envelope } = await keys.issue(bindingOfRelayer({ id, chain }))
  await database.run(sql`
    insert into chains.relayers (id, chain, address, envelope)
    values (${id}, ${chain}, ${hexToBytes(addressOfKey(publicKey))}, ${envelope})
    on conflict (chain) do nothing`)
  // Of two processes at once the first one’s key counts.
  const made = await findRelayer(database, chain)
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
