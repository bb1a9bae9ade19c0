import type { Purpose } from '../factors/purpose.ts'
import type { Envelope } from '../ledger/envelope.ts'
import type { OperationBody, Payment, SignerChange } from '../ledger/operations.ts'
import { kindsOf } from './rules.ts'

/** What a transaction does, as its factor is told. */
export const purposeOf = (envelope: Pick<Envelope, 'operations'>): Purpose => ({
  full: envelope.operations.map(({ body }) => sentenceOf(body)).join('; '),
  short: kindsOf(envelope).join(', '),
})

function sentenceOf(body: OperationBody): string {
  if (body.type === 'payment')
    return `pay ${amountOf(body)} from balance ${abbreviated(body.sourceBalance)} to ${destinationOf(body)}`
  if (body.type === 'manage-signer') return changeOf(body.change)
  if (body.type === 'create-kyc-recovery-request') return `ask for new signers: ${keysOf(body.signers)}`
  throw new TypeError('an operation is told that is never signed')
}

function changeOf(change: SignerChange): string {
  if (change.action === 'remove') return `remove the signer ${change.key}`
  const { key, weight } = change.signer
  return change.action === 'create'
    ? `add the signer ${key} with weight ${String(weight)}`
    : `give the signer ${key} weight ${String(weight)}`
}

const MILLION = 1_000_000n
const DIGITS = 6

/** TokenD counts in millionths. */
function amountOf({ amount }: Payment): string {
  const fraction = String(amount % MILLION)
    .padStart(DIGITS, '0')
    .replace(/0+$/, '')
  return `${String(amount / MILLION)}${fraction === '' ? '' : `.${fraction}`}`
}

const destinationOf = ({ destination }: Payment): string =>
  destination.kind === 'account' ? destination.account : `balance ${destination.balance}`

const SHOWN = 8

/** One of the owner's own, which nobody chose: enough to tell it from the others. */
const abbreviated = (balance: string): string => `${balance.slice(0, SHOWN)}…`

const MOST_KEYS = 3

/** An administrator sees them all before they count. */
function keysOf(signers: readonly { readonly key: string }[]): string {
  const named = signers.slice(0, MOST_KEYS).map(({ key }) => key)
  const more = signers.length - named.length
  return [...named, ...(more > 0 ? [`${String(more)} more`] : [])].join(', ')
}
