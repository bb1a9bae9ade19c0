import type { TestApp } from '@strongroom/test-world'
import { type GuardedOwner, type TwoGuarded, waitUntil } from '../src/index.ts'

type Sql = Pick<TestApp, 'sql'>
type Move = (people: TwoGuarded) => Promise<unknown>

const walletOf = ({ owner }: GuardedOwner): string =>
  `(select id from identity.wallets where account_id = '${owner.accountId}')`

/** Where a person's rows are, before anything is moved. */
const rowsOf = {
  wallets: (who: GuardedOwner) => `id = ${walletOf(who)}`,
  'factors/password': (who: GuardedOwner) => `wallet_id = ${walletOf(who)} and type = 'password'`,
  'factors/totp': ({ totp }: GuardedOwner) => `id = ${totp.id}`,
  sessions: ({ session }: GuardedOwner) => `digest = sha256('${session?.id ?? ''}')`,
  ledger_accounts: ({ owner }: GuardedOwner) => `account = '${owner.accountId}'`,
  ledger_signers: ({ owner }: GuardedOwner) => `account = '${owner.accountId}'`,
}
export type IdentityTable = keyof typeof rowsOf
const tables = Object.keys(rowsOf) as IdentityTable[]
const nameOf = (table: IdentityTable): string => `identity.${table.split('/')[0] ?? ''}`

/** Values that nobody has: what is unique stands there only once on the way. */
const parked: Readonly<Record<string, string>> = {
  lookup: `sha256(gen_random_uuid()::text::bytea)`,
  contact: `sha256(gen_random_uuid()::text::bytea)`,
  digest: `sha256(gen_random_uuid()::text::bytea)`,
  account_id: `gen_random_uuid()::text`,
  ref: `gen_random_uuid()`,
  key: `gen_random_uuid()::text`,
}

/** What the owner of a database can do first: mark rows, and take away what would keep two from being exchanged. */
export const prepareExchanges = ({ sql }: Sql) =>
  sql(`
    create schema attacker;
    create table attacker.marks (account text, place text, mark uuid not null, primary key (account, place));
    alter table identity.factors drop constraint factors_wallet_id_type_key;
    alter table identity.ledger_signers drop constraint ledger_signers_account_fkey;
    ${[...new Set(tables.map(nameOf))]
      .map((name) => `alter table ${name} add column mark uuid not null default gen_random_uuid();`)
      .join('\n')}`)

/** A row is the same wherever its columns went. */
async function mark({ sql }: Sql, people: TwoGuarded): Promise<void> {
  for (const who of people) {
    const found = tables.map(
      (table) => `select '${who.owner.accountId}', '${table}', mark from ${nameOf(table)} where ${rowsOf[table](who)}`,
    )
    await sql(`insert into attacker.marks ${found.join(' union all ')} on conflict do nothing`)
  }
}

/** Exchanges columns of two rows, where they stand: others hang on them. */
export const exchangeIdentity =
  ({ sql }: Sql, table: IdentityTable, columns: readonly string[]): Move =>
  async (people) => {
    await mark({ sql }, people)
    const [mine, theirs] = people.map(
      ({ owner }) =>
        `mark = (select mark from attacker.marks where account = '${owner.accountId}' and place = '${table}')`,
    )
    const name = nameOf(table)
    const assign = (from: string) => columns.map((column) => `${column} = ${from}.${column}`).join(', ')
    const parking = columns.flatMap((column) => (parked[column] ? [`${column} = ${parked[column]}`] : []))
    const exchange = `
      do $$ declare first ${name}; second ${name}; begin
        select * into strict first from ${name} where ${mine ?? ''};
        select * into strict second from ${name} where ${theirs ?? ''};
        ${parking.length > 0 ? `update ${name} set ${parking.join(', ')} where ${mine ?? ''};` : ''}
        update ${name} set ${assign('first')} where ${theirs ?? ''};
        update ${name} set ${assign('second')} where ${mine ?? ''};
      end $$`
    await waitUntil('nobody else holds the rows', () => sql(exchange).then(isDone, isDeadlock))
  }

const isDone = (): boolean => true

function isDeadlock(error: unknown): boolean {
  if (error instanceof Error && 'code' in error && error.code === '40P01') return false
  throw error
}

export const inTurn =
  (...moves: readonly Move[]): Move =>
  async (people) => {
    for (const move of moves) await move(people)
  }
